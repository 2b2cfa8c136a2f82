//! The time in X's ids.

use utc_time::UtcTime;

/// The millisecond from which the upper bits of X's ids count.
pub(crate) const EPOCH_MS: i64 = 1_288_834_974_657;

/// How many low bits do not belong to the time.
pub(crate) const SEQUENCE_BITS: u32 = 22;

/// When the post with this id was written, if it is an id of X's.
#[must_use]
pub fn made_at(id: &str) -> Option<UtcTime> {
    let number = id.parse::<i64>().ok()?;
    UtcTime::from_millis((number >> SEQUENCE_BITS) + EPOCH_MS).ok()
}

/// The lowest id that a post written at `at` can have.
#[must_use]
pub fn first_id(at: UtcTime) -> u64 {
    u64::try_from(at.as_millis() - EPOCH_MS).map_or(0, |millis| millis.saturating_mul(1 << SEQUENCE_BITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_holds_its_time() {
        // A public id of that second, assigned by X.
        let at = made_at("1440716895355764743").unwrap();
        assert_eq!(at.to_string(), "2021-09-22T16:37:29.735Z");
        assert!(first_id(at) <= 1_440_716_895_355_764_743);
        assert_eq!(made_at(&first_id(at).to_string()), Some(at));
        assert_eq!(first_id(UtcTime::from_millis(0).unwrap()), 0);
    }
}
