//! Which country a point of the Earth lies in, as far as the cities around it tell.

use std::collections::HashMap;

/// The cells of a degree.
const CELLS_A_DEGREE: i32 = 3;
/// The cities around a cell that must lie in one country.
const NEIGHBOURS: usize = 6;
/// How far away they may be, in kilometres: farther out, a point is at sea or in a desert.
const FARTHEST_KM: f64 = 120.0;

/// Cities by the degree in which they lie: latitude, longitude, the country's index.
type Buckets = HashMap<(i32, i32), Vec<(f64, f64, u8)>>;

/// Where each row begins, in runs; then the rows from south to north, each of runs from west to east: how many cells, and the
/// country's index, or 255 for none.
pub(crate) fn pack(points: &[(f64, f64, &str)], codes: &[String]) -> Vec<u8> {
    let mut buckets = Buckets::new();
    for (latitude, longitude, country) in points {
        let Some(index) = codes.iter().position(|code| code == country) else { continue };
        buckets.entry((latitude.floor() as i32, longitude.floor() as i32)).or_default().push((
            *latitude,
            *longitude,
            index as u8,
        ));
    }
    let (mut starts, mut packed) = (Vec::new(), Vec::new());
    for row in -90 * CELLS_A_DEGREE..90 * CELLS_A_DEGREE {
        starts.extend(u16::try_from(packed.len() / 2).unwrap_or(u16::MAX).to_le_bytes());
        let mut run: Option<(u8, u8)> = None;
        for column in -180 * CELLS_A_DEGREE..180 * CELLS_A_DEGREE {
            let latitude = (f64::from(row) + 0.5) / f64::from(CELLS_A_DEGREE);
            let longitude = (f64::from(column) + 0.5) / f64::from(CELLS_A_DEGREE);
            let country = country_at(&buckets, latitude, longitude).unwrap_or(255);
            run = match run {
                Some((length, same)) if same == country && length < 255 => Some((length + 1, same)),
                ended => {
                    if let Some((length, ended)) = ended {
                        packed.extend([length, ended]);
                    }
                    Some((1, country))
                }
            };
        }
        if let Some((length, ended)) = run {
            packed.extend([length, ended]);
        }
    }
    starts.extend(packed);
    starts
}

/// The country of the nearest cities, if it is one.
fn country_at(buckets: &Buckets, latitude: f64, longitude: f64) -> Option<u8> {
    let shrink = latitude.to_radians().cos();
    let (south, west) = (latitude.floor() as i32, longitude.floor() as i32);
    let mut near = Vec::new();
    for dy in -1..=1 {
        for dx in -2..=2 {
            for (y, x, country) in
                buckets.get(&(south + dy, (west + dx + 540).rem_euclid(360) - 180)).into_iter().flatten()
            {
                let across = (x - longitude + 540.0).rem_euclid(360.0) - 180.0;
                let km = 111.2 * ((y - latitude).powi(2) + (across * shrink).powi(2)).sqrt();
                if km <= FARTHEST_KM {
                    near.push((km, *country));
                }
            }
        }
    }
    near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let (nearest, country) = *near.first()?;
    // Around a border, and everything as far as the cell is wide, all must agree.
    let agree = near.iter().enumerate().all(|(nth, (km, other))| {
        *other == country || (nth >= NEIGHBOURS && *km > 30.0) || *km > nearest + 80.0
    });
    agree.then_some(country)
}
