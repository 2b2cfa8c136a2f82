//! Tests in virtual time, with real sockets.

use std::path::Path;
use std::time::Duration;

/// How far virtual time moves at once, at most: it is how long a turn of a socket seems to take.
const TURN: Duration = Duration::from_millis(5);

/// After so many turns the machine is given a moment of real time, or on a busy one seconds would seem
/// to pass before bytes come through.
const TURNS: usize = 50;

/// That moment.
const BREATH: Duration = Duration::from_micros(500);

/// Runs `test` in virtual time: it moves only while everything waits, and in small steps.
pub(crate) fn virtually<F: Future<Output = ()>>(test: F) {
    virtually_in_steps_of(TURN, test);
}

/// The same, in steps of this length.
pub(crate) fn virtually_in_steps_of<F: Future<Output = ()>>(turn: Duration, test: F) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        // Without it, time would jump to the next timer while bytes are on their way.
        tokio::spawn(async move {
            loop {
                for _ in 0..TURNS {
                    tokio::time::sleep(turn).await;
                }
                std::thread::sleep(BREATH);
            }
        });
        test.await;
    });
}

/// A folder that ends with the test; in memory where there is such a place: what is tested here is not
/// the disk.
pub(crate) fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}
