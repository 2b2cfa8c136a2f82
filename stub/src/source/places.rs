//! Where made-up posts are from.

use serde_json::{Value, json};

/// Places: name, country, country code, longitude and latitude of the middle.
const PLACES: &[(&str, &str, &str, f64, f64)] = &[
    ("Vilnius", "Lithuania", "LT", 25.28, 54.69),
    ("London", "United Kingdom", "GB", -0.13, 51.51),
    ("Madrid", "Spain", "ES", -3.70, 40.42),
    ("Paris", "France", "FR", 2.35, 48.86),
    ("Berlin", "Germany", "DE", 13.40, 52.52),
    ("Roma", "Italy", "IT", 12.50, 41.90),
    ("Kraków", "Poland", "PL", 19.94, 50.06),
    ("Kyiv", "Ukraine", "UA", 30.52, 50.45),
    ("Istanbul", "Türkiye", "TR", 28.98, 41.01),
    ("Cairo", "Egypt", "EG", 31.24, 30.04),
    ("Lagos", "Nigeria", "NG", 3.38, 6.52),
    ("Nairobi", "Kenya", "KE", 36.82, -1.29),
    ("Cape Town", "South Africa", "ZA", 18.42, -33.92),
    ("Mumbai", "India", "IN", 72.88, 19.08),
    ("Tokyo", "Japan", "JP", 139.69, 35.69),
    ("Seoul", "South Korea", "KR", 126.98, 37.57),
    ("Bangkok", "Thailand", "TH", 100.50, 13.76),
    ("Sydney", "Australia", "AU", 151.21, -33.87),
    ("Auckland", "New Zealand", "NZ", 174.76, -36.85),
    ("New York", "United States", "US", -74.01, 40.71),
    ("Toronto", "Canada", "CA", -79.38, 43.65),
    ("Ciudad de México", "Mexico", "MX", -99.13, 19.43),
    ("São Paulo", "Brazil", "BR", -46.63, -23.55),
    ("Buenos Aires", "Argentina", "AR", -58.38, -34.60),
    ("Santiago", "Chile", "CL", -70.67, -33.45),
];

/// How far a place reaches from its middle to the east and west, and to the north and south, in degrees.
const REACH: (f64, f64) = (0.12, 0.08);

/// Tags a post with a place, and one in five with an exact point in it.
pub(super) fn put_in_a_place(post: &mut Value, random: &mut fastrand::Rng) {
    let (name, country, code, longitude, latitude) = PLACES[random.usize(0..PLACES.len())];
    let id = format!("{:016x}", name.bytes().fold(7_u64, |id, byte| id.wrapping_mul(31) + u64::from(byte)));
    let (east, north) = REACH;
    let bbox = [longitude - east, latitude - north, longitude + east, latitude + north].map(rounded);
    post["data"]["geo"] = json!({ "place_id": id });
    if random.u8(0..5) == 0 {
        let mut near = |middle: f64, reach: f64| rounded(middle + (random.f64() - 0.5) * reach);
        let point = [near(longitude, east), near(latitude, north)];
        post["data"]["geo"]["coordinates"] = json!({ "type": "Point", "coordinates": point });
    }
    post["includes"]["places"] = json!([{
        "id": id, "name": name, "full_name": format!("{name}, {country}"), "country": country,
        "country_code": code, "place_type": "city", "geo": { "type": "Feature", "bbox": bbox, "properties": {} },
    }]);
}

/// Degrees to some ten metres.
fn rounded(degrees: f64) -> f64 {
    (degrees * 10_000.0).round() / 10_000.0
}
