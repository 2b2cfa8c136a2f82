//! Where a post is from, as far as rules can ask.

use serde_json::Value;

use super::json::lower;
use super::prose::Prose;
use crate::rule::region::{Bounds, Point, Region};

/// Where a post is from.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Whereabouts {
    /// Whether the post names a place or a point.
    pub(crate) is_known: bool,
    point: Option<Point>,
    place_id: Option<String>,
    /// The included place's short and full name.
    pub(crate) names: [Prose; 2],
    pub(crate) country: Option<String>,
    bounds: Option<Bounds>,
}

impl Whereabouts {
    /// From a post's `geo`, with what is included of the place.
    pub(super) fn of(geo: &Value, place: Option<&Value>) -> Self {
        if !geo.is_object() {
            return Self::default();
        }
        let place = place.unwrap_or(&Value::Null);
        let prose = |field: &str| place[field].as_str().map(Prose::of).unwrap_or_default();
        Self {
            is_known: true,
            point: point(&geo["coordinates"]["coordinates"]),
            place_id: lower(&geo["place_id"]),
            names: [prose("name"), prose("full_name")],
            country: lower(&place["country_code"]),
            bounds: bounds(&place["geo"]["bbox"]),
        }
    }

    /// Whether the place has this id, which is in lower case.
    pub(crate) fn has_id(&self, id: &str) -> bool {
        self.place_id.as_deref() == Some(id)
    }

    /// Whether the point is in `region`, or where there is none, the whole place.
    pub(crate) fn is_within(&self, region: &Region) -> bool {
        match (self.point, self.bounds) {
            (Some(point), _) => region.contains(point),
            (None, Some(bounds)) => region.contains_all(bounds),
            (None, None) => false,
        }
    }
}

/// X writes the longitude first.
fn point(value: &Value) -> Option<Point> {
    Some(Point { longitude: value[0].as_f64()?, latitude: value[1].as_f64()? })
}

fn bounds(value: &Value) -> Option<Bounds> {
    let corner = |longitude: usize| {
        Some(Point { longitude: value[longitude].as_f64()?, latitude: value[longitude + 1].as_f64()? })
    };
    Some(Bounds { southwest: corner(0)?, northeast: corner(2)? })
}
