//! Says how many of a file's locations get their country: `measure FILE [even|odd] [verbose]`.
#![allow(missing_docs, clippy::print_stdout, reason = "a program for developers")]

use std::collections::BTreeMap;
use std::{env, fs};

use anyhow::{Context, Result};

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let path = arguments.first().context("usage: measure FILE [even|odd] [verbose]")?;
    let said = |word: &str| arguments.iter().any(|argument| argument == word);
    let (mut named, mut answered, mut right) = (0, 0, 0);
    let mut kinds: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for (number, line) in fs::read_to_string(path)?.lines().enumerate() {
        if said("even") && number % 2 == 1 || said("odd") && number % 2 == 0 {
            continue;
        }
        let fields: Vec<&str> = line.split('\t').collect();
        let [location, expected, class] = fields[..] else { continue };
        let placed = place::place(location, None);
        let code = placed.map_or("-", |placed| placed.country.as_str());
        named += u32::from(expected != "-");
        answered += u32::from(code != "-");
        right += u32::from(code != "-" && code == expected);
        if let Some(placed) = placed {
            for kind in [placed.how.to_string(), format!("{:?}", placed.sure)] {
                let (all, good) = kinds.entry(kind).or_default();
                *all += 1;
                *good += u32::from(code == expected);
            }
        }
        if said("verbose") && code != expected {
            let how = placed.map(|placed| (placed.how.to_string(), placed.sure));
            println!("{location:40} {expected:3} {code:3} {class} {how:?}");
        }
    }
    println!(
        "{named} name a country: {answered} answers, {right} right: reach {:.1} %, right {:.1} %",
        percent(right, named),
        percent(right, answered)
    );
    for (kind, (all, good)) in kinds {
        println!("  {kind}: {good} of {all}");
    }
    Ok(())
}

fn percent(part: u32, whole: u32) -> f64 {
    100.0 * f64::from(part) / f64::from(whole.max(1))
}
