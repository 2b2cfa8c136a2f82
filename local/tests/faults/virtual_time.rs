//! Tests in virtual time, with real sockets.

use std::path::Path;
use std::time::Duration;

/// The longest step of virtual time, which is how long a round trip over a socket appears to take.
const STEP: Duration = Duration::from_millis(5);

/// After this many steps, real time passes too. Otherwise, on a busy machine, seconds of virtual time would pass before
/// bytes arrive.
const STEPS: usize = 50;

/// How much real time passes then.
const PAUSE: Duration = Duration::from_micros(500);

/// Runs `test` in virtual time: it moves only while everything waits, and in small steps.
pub(crate) fn virtually<F: Future>(test: F) -> F::Output {
    virtually_in_steps_of(STEP, test)
}

/// Like [`virtually`], in steps of this length.
pub(crate) fn virtually_in_steps_of<F: Future>(step: Duration, test: F) -> F::Output {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        // Without this task, time would jump to the next timer while bytes are in transit.
        tokio::spawn(async move {
            loop {
                for _ in 0..STEPS {
                    tokio::time::sleep(step).await;
                }
                std::thread::sleep(PAUSE);
            }
        });
        test.await
    })
}

/// A temporary folder, in memory if possible, since the disk is not under test.
pub(crate) fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}
