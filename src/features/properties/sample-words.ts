/** What sample listings are made of: real towns, and homes as they are let there. */

/** Cities of West Africa with some of their neighbourhoods; `rent` is relative to Accra. */
export const CITIES = [
  { city: 'Accra', rent: 1, areas: ['Osu', 'Labone', 'Cantonments', 'East Legon', 'Dzorwulu', 'Adabraka'] },
  { city: 'Tema', rent: 0.7, areas: ['Sakumono', 'Community 25', 'Lashibi', 'Tema New Town'] },
  { city: 'Kumasi', rent: 0.6, areas: ['Adum', 'Ahodwo', 'Asokwa', 'Bantama', 'Nhyiaeso', 'Ayigya'] },
  { city: 'Takoradi', rent: 0.6, areas: ['Anaji', 'Beach Road', 'Effia', 'Windy Ridge'] },
  { city: 'Cape Coast', rent: 0.5, areas: ['Abura', 'Bakaano', 'Pedu', 'Ola Estate'] },
  { city: 'Tamale', rent: 0.4, areas: ['Kalpohin', 'Lamashegu', 'Vittin', 'Jisonayili'] },
  { city: 'Lagos', rent: 1.2, areas: ['Ikoyi', 'Lekki', 'Surulere', 'Yaba', 'Ikeja', 'Ajah'] },
  { city: 'Abuja', rent: 1.1, areas: ['Maitama', 'Wuse', 'Garki', 'Asokoro', 'Gwarinpa'] },
  { city: 'Abidjan', rent: 0.9, areas: ['Cocody', 'Marcory', 'Le Plateau', 'Treichville'] },
  { city: 'Dakar', rent: 0.9, areas: ['Almadies', 'Mermoz', 'Ngor', 'Ouakam', 'Yoff'] },
] as const;

/** `rent`: a month in Accra for the first bedroom; `size`: square metres for the same. */
export const HOMES = [
  { kind: 'studio', bedrooms: [0, 0], rent: 350, size: 28 },
  { kind: 'flat', bedrooms: [1, 4], rent: 550, size: 45 },
  { kind: 'maisonette', bedrooms: [2, 4], rent: 700, size: 50 },
  { kind: 'bungalow', bedrooms: [2, 4], rent: 650, size: 60 },
  { kind: 'townhouse', bedrooms: [3, 5], rent: 850, size: 55 },
  { kind: 'villa', bedrooms: [4, 7], rent: 1600, size: 80 },
] as const;

export const NUMBERS = ['No', 'One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven'] as const;

export const ADJECTIVES = [
  'Bright',
  'Quiet',
  'Newly built',
  'Recently painted',
  'Well kept',
  'Cool, airy',
] as const;

export const STREETS = ['Street', 'Road', 'Avenue', 'Lane', 'Close', 'Crescent'] as const;

export const NEARBY = [
  'the market',
  'the taxi rank',
  'a good primary school',
  'the hospital',
  'shops and cafés',
  'the main road',
] as const;

export const FEATURES = [
  'a fitted kitchen',
  'air conditioning',
  'a balcony',
  'a water tank with its own pump',
  'a standby generator',
  'built-in wardrobes',
  'fast internet',
  'covered parking',
] as const;

export const TERMS = [
  'Water and security are included in the rent',
  'Pets are welcome',
  'Furnished on request',
  'Viewings at weekends',
  'Let unfurnished, for a year at least',
] as const;
