//! Tests over hours of virtual time.

use std::time::Duration;

use crate::virtual_time::virtually_in_steps_of;

/// Runs `test` in virtual time, in longer steps, so that an hour in which little happens takes seconds.
pub(crate) fn virtually_for_hours<F: Future>(test: F) -> F::Output {
    const STEP: Duration = Duration::from_millis(60);
    virtually_in_steps_of(STEP, test)
}
