//! `cargo run -p x --example facts`: prints which description of X's this program follows, and the facts about X that were last checked
//! more than 180 days ago.
#![expect(clippy::print_stdout, reason = "it is for a person to read")]

use utc_time::UtcTime;
use x::facts::{DESCRIPTION, Description, Fact, older_than};

/// How many days a fact is taken for true without a look at its source.
const DAYS: u32 = 180;

fn main() {
    let Description { version, date, repository, commit } = DESCRIPTION;
    println!("X's description {version} of {date}: {repository}, commit {commit}");
    let older = older_than(DAYS, UtcTime::now());
    println!("facts about X that were last checked more than {DAYS} days ago: {}", older.len());
    for Fact { name, value, source, checked } in older {
        println!("{name} = {value}, checked on {checked}: {source}");
    }
}
