//! Points and regions on earth.

/// Kilometres in a mile.
const MILE: f64 = 1.609_344;

/// The largest radius, width and height, in miles: the largest that X's pages show.
/// <https://docs.x.com/x-api/powerstream/operators>
const MILES: f64 = 25.0;

/// The earth's mean radius in kilometres.
const EARTH: f64 = 6_371.0;

/// A point, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) longitude: f64,
    pub(crate) latitude: f64,
}

/// A box between two meridians and two parallels, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) southwest: Point,
    pub(crate) northeast: Point,
}

/// What a rule may ask for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Region {
    Circle { center: Point, kilometres: f64 },
    Box(Bounds),
}

impl Region {
    /// Reads `[longitude latitude radius]`, where the radius ends with `mi` or `km`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn circle(text: &str) -> Result<Self, String> {
        let form = "a circle is [longitude latitude radius], the radius in mi or km";
        let [longitude, latitude, radius] = parts(text).ok_or(form)?;
        let center = point(longitude, latitude)?;
        let in_kilometres = |unit: &str| radius.strip_suffix(unit).and_then(number);
        let kilometres = in_kilometres("mi").map(|miles| miles * MILE).or(in_kilometres("km")).ok_or(form)?;
        if kilometres <= 0.0 || kilometres > MILES * MILE {
            return Err(format!("a radius is more than 0 and at most {MILES}mi"));
        }
        Ok(Self::Circle { center, kilometres })
    }

    /// Reads `[west south east north]`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn bounds(text: &str) -> Result<Self, String> {
        let form = "a box is [west_longitude south_latitude east_longitude north_latitude]";
        let [west, south, east, north] = parts(text).ok_or(form)?;
        let (southwest, northeast) = (point(west, south)?, point(east, north)?);
        if southwest.longitude >= northeast.longitude || southwest.latitude >= northeast.latitude {
            return Err("a box begins in the southwest and ends in the northeast".to_owned());
        }
        let southeast = Point { latitude: southwest.latitude, ..northeast };
        let northwest = Point { latitude: northeast.latitude, ..southwest };
        let width = southwest.kilometres_to(southeast).max(northwest.kilometres_to(northeast));
        if width.max(southwest.kilometres_to(northwest)) > MILES * MILE {
            return Err(format!("a box is at most {MILES}mi wide and high"));
        }
        Ok(Self::Box(Bounds { southwest, northeast }))
    }

    pub(crate) fn contains(&self, point: Point) -> bool {
        match self {
            Self::Circle { center, kilometres } => center.kilometres_to(point) <= *kilometres,
            Self::Box(Bounds { southwest, northeast }) => {
                (southwest.longitude..=northeast.longitude).contains(&point.longitude)
                    && (southwest.latitude..=northeast.latitude).contains(&point.latitude)
            }
        }
    }

    /// Whether `bounds` lie within it.
    pub(crate) fn contains_all(&self, bounds: Bounds) -> bool {
        let Bounds { southwest, northeast } = bounds;
        let southeast = Point { latitude: southwest.latitude, ..northeast };
        let northwest = Point { latitude: northeast.latitude, ..southwest };
        [southwest, southeast, northeast, northwest].iter().all(|corner| self.contains(*corner))
    }
}

impl Point {
    /// The distance on the surface, by the haversine formula.
    fn kilometres_to(self, other: Self) -> f64 {
        let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
        let parallels = self.latitude.to_radians().cos() * other.latitude.to_radians().cos();
        let haversine =
            half(self.latitude, other.latitude) + parallels * half(self.longitude, other.longitude);
        2.0 * EARTH * haversine.sqrt().min(1.0).asin()
    }
}

/// The parts between brackets.
fn parts<const COUNT: usize>(text: &str) -> Option<[&str; COUNT]> {
    let inside = text.strip_prefix('[')?.strip_suffix(']')?;
    inside.split_whitespace().collect::<Vec<_>>().try_into().ok()
}

fn point(longitude: &str, latitude: &str) -> Result<Point, String> {
    let degrees = |text: &str, most: f64| number(text).filter(|degrees| degrees.abs() <= most);
    let longitude = degrees(longitude, 180.0).ok_or("a longitude is a number from -180 to 180")?;
    let latitude = degrees(latitude, 90.0).ok_or("a latitude is a number from -90 to 90")?;
    Ok(Point { longitude, latitude })
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    const VILNIUS: Point = Point { longitude: 25.28, latitude: 54.69 };
    const TRAKAI: Point = Point { longitude: 24.93, latitude: 54.64 };

    #[test]
    fn a_circle_holds_what_is_within_its_radius() {
        // Some 23 km apart.
        let around = |radius: &str| Region::circle(&format!("[25.28 54.69 {radius}]")).unwrap();
        assert!(around("25km").contains(TRAKAI) && !around("20km").contains(TRAKAI));
        assert!(around("15mi").contains(TRAKAI) && !around("13mi").contains(TRAKAI));
        let both = Bounds { southwest: TRAKAI, northeast: VILNIUS };
        assert!(around("25km").contains_all(both) && !around("20km").contains_all(both));
    }

    #[test]
    fn a_box_holds_what_is_between_its_sides() {
        let region = Region::bounds("[25.1 54.5 25.4 54.8]").unwrap();
        assert!(region.contains(VILNIUS) && !region.contains(TRAKAI));
        assert!(!region.contains_all(Bounds { southwest: TRAKAI, northeast: VILNIUS }));
    }

    #[test]
    fn a_wrong_region_is_refused_with_the_reason() {
        for (wrong, reason) in [
            (Region::circle("[1 2]"), "a circle is"),
            (Region::circle("[1 2 3]"), "a circle is"),
            (Region::circle("1 2 3km"), "a circle is"),
            (Region::circle("[181 2 3km]"), "a longitude"),
            (Region::circle("[nan 2 3km]"), "a longitude"),
            (Region::circle("[1 91 3km]"), "a latitude"),
            (Region::circle("[1 2 26mi]"), "at most 25mi"),
            (Region::circle("[1 2 0km]"), "more than 0"),
            (Region::bounds("[1 2 3]"), "a box is"),
            (Region::bounds("[2 1 1 2]"), "in the southwest"),
            (Region::bounds("[1 1 2 1.1]"), "at most 25mi"),
            (Region::bounds("[1 1 1.1 2]"), "at most 25mi"),
        ] {
            let told = wrong.unwrap_err();
            assert!(told.contains(reason), "{told}");
        }
    }
}
