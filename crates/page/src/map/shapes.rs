//! The countries' names, outlines and dots, as `data/make` wrote them.

use place::Country;

/// A line for each country: code, name, outline, dot.
const WORLD: &str = include_str!("../../data/world.tsv");

/// What is drawn of a country: an outline, a dot or both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) country: Country,
    /// In English.
    pub(super) name: &'static str,
    /// The `d` of a `path`.
    pub(super) outline: Option<&'static str>,
    /// The centre of a dot, as numbers of the `viewBox`.
    pub(super) dot: Option<(&'static str, &'static str)>,
}

/// The shapes of all countries, in the order of their codes.
pub(super) fn all() -> impl Iterator<Item = Shape> {
    WORLD.lines().filter_map(|line| {
        let mut fields = line.split('\t');
        Some(Shape {
            country: Country::from_code(fields.next()?)?,
            name: fields.next()?,
            outline: fields.next().filter(|outline| !outline.is_empty()),
            dot: fields.next().and_then(|dot| dot.split_once(',')),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_is_drawn_once() {
        assert!(Country::all().eq(all().map(|shape| shape.country)));
        for shape in all() {
            assert!(!shape.name.is_empty(), "{:?} has no name", shape.country);
            assert!(shape.outline.is_some() || shape.dot.is_some(), "{:?} cannot be seen", shape.country);
        }
    }

    #[test]
    fn no_dot_hides_another() {
        let dots: Vec<(Country, f64, f64)> = all()
            .filter_map(|shape| {
                shape.dot.map(|(x, y)| (shape.country, x.parse().unwrap(), y.parse().unwrap()))
            })
            .collect();
        for (index, &(one, x, y)) in dots.iter().enumerate() {
            assert!((5.0..=995.0).contains(&x) && (5.0..=485.0).contains(&y), "{one:?} is at the edge");
            for &(other, other_x, other_y) in &dots[..index] {
                assert!((x - other_x).hypot(y - other_y) >= 4.4, "{one:?} is on {other:?}");
            }
        }
    }

    #[test]
    fn outlines_are_within_the_picture_and_as_large_as_the_countries() {
        let areas =
            |code: &str| area(all().find(|shape| shape.country.as_str() == code).unwrap().outline.unwrap());
        // A square unit is about 1,210 km².
        for (code, thousands_of_km2) in [
            ("RU", 17_098.0),
            ("US", 9_500.0),
            ("IT", 301.0),
            ("UA", 604.0),
            ("LT", 65.0),
            ("FR", 552.0),
            ("NZ", 268.0),
        ] {
            let drawn = areas(code) * 1.21;
            assert!(
                (drawn / thousands_of_km2 - 1.0).abs() < 0.06,
                "{code} is drawn with {drawn} thousand km²"
            );
        }
        for shape in all() {
            assert!(
                shape.outline.is_none_or(|outline| area(outline) > 0.0),
                "{:?} has a wrong winding",
                shape.country
            );
        }
    }

    /// The area of an outline, in square units; what is wound the other way is a hole.
    fn area(outline: &str) -> f64 {
        let (mut whole, mut at) = (0.0, (0.0, 0.0));
        for ring in outline.split_terminator('z') {
            let steps = numbers(ring.strip_prefix('m').unwrap());
            let mut points = Vec::new();
            for step in steps.chunks_exact(2) {
                at = (at.0 + step[0], at.1 + step[1]);
                assert!(
                    (0.0..=1000.05).contains(&at.0) && (0.0..=490.0).contains(&at.1),
                    "{at:?} is outside"
                );
                points.push(at);
            }
            for (index, &(x, y)) in points.iter().enumerate() {
                let (next_x, next_y) = points[(index + 1) % points.len()];
                whole += (x * next_y - next_x * y) / 2.0;
            }
            at = points[0];
        }
        whole
    }

    /// `1-.5.3 2` is 1, -0.5, 0.3, 2.
    fn numbers(text: &str) -> Vec<f64> {
        let mut parts = vec![String::new()];
        for letter in text.chars() {
            let last = parts.last().unwrap();
            if letter == ' ' || letter == '-' || letter == '.' && last.contains('.') {
                parts.push(String::new());
            }
            if letter != ' ' {
                parts.last_mut().unwrap().push(letter);
            }
        }
        parts.iter().filter(|part| !part.is_empty()).map(|part| part.parse().unwrap()).collect()
    }
}
