//! The table of names: a hash of each, and what it means.

use std::collections::HashMap;

use anyhow::{Context, Result};

use crate::hash::{BUCKET_BITS, Hash, KEPT_BITS};

/// The meanings that a name can have: what the bits beside the hash can count.
const MEANINGS: usize = 1 << (32 - KEPT_BITS);
/// The buckets between two places whose position is written down.
const STRIDE: usize = 16;

/// The meanings, and the table.
pub(crate) fn pack(names: &[(&str, Vec<u16>)]) -> Result<(Vec<u8>, Vec<u8>)> {
    let (meanings, numbers) = number(names)?;
    for seed in 0..=u16::MAX {
        if let Some(table) = with_seed(names, &numbers, seed)? {
            return Ok((meanings, table));
        }
    }
    anyhow::bail!("every seed makes two names one")
}

/// Numbers the meanings, the most frequent first. Namesakes of names with rarer meanings are left out, the least first,
/// until there are few enough.
fn number(names: &[(&str, Vec<u16>)]) -> Result<(Vec<u8>, Vec<u16>)> {
    let mut count: HashMap<Vec<u16>, usize> = HashMap::new();
    for (_, meaning) in names {
        *count.entry(meaning.clone()).or_default() += 1;
        count.entry(reduced(meaning.clone(), 1)).or_default();
    }
    let mut ranked: Vec<_> = count.into_iter().collect();
    // Meanings of one candidate come first: every other one can be reduced to one of them.
    ranked.sort_by(|a, b| {
        (a.0.len() > 2).cmp(&(b.0.len() > 2)).then_with(|| b.1.cmp(&a.1)).then_with(|| a.0.cmp(&b.0))
    });
    println!(
        "{} meanings, {} of names beyond {MEANINGS}",
        ranked.len(),
        ranked.iter().skip(MEANINGS).map(|(_, count)| count).sum::<usize>()
    );
    let mut number: HashMap<Vec<u16>, u16> = HashMap::new();
    let (mut offsets, mut units) = (Vec::new(), Vec::new());
    for (meaning, _) in ranked.into_iter().take(MEANINGS) {
        offsets.push(u16::try_from(units.len())?);
        units.extend_from_slice(&meaning);
        number.insert(meaning, u16::try_from(number.len())?);
    }
    let numbers = names.iter().map(|(name, meaning)| {
        let like =
            (1..meaning.len()).rev().find_map(|candidates| number.get(&reduced(meaning.clone(), candidates)));
        like.or_else(|| number.get(meaning))
            .copied()
            .with_context(|| format!("{name}: no number for {meaning:x?}"))
    });
    let numbers = numbers.collect::<Result<_>>()?;
    let count = u16::try_from(offsets.len())?;
    let bytes = std::iter::once(count).chain(offsets).chain(units).flat_map(u16::to_le_bytes).collect();
    Ok((bytes, numbers))
}

/// The meaning with its first candidates only.
fn reduced(mut meaning: Vec<u16>, candidates: usize) -> Vec<u16> {
    meaning.truncate(1 + candidates);
    meaning[0] = meaning[0] & !15 | (meaning.len() - 1) as u16;
    meaning
}

/// The table, unless two names are one: the seed, where every 16th bucket begins, how many names each bucket has, and
/// the names, sorted: the kept bits of the hash, then the number of the meaning.
fn with_seed(names: &[(&str, Vec<u16>)], numbers: &[u16], seed: u16) -> Result<Option<Vec<u8>>> {
    let mut entries: Vec<(usize, u32)> = Vec::new();
    for ((name, _), number) in names.iter().zip(numbers) {
        let (bucket, kept) = Hash::new(seed).extend(name.as_bytes()).finish();
        entries.push((bucket, kept << (32 - KEPT_BITS) | u32::from(*number)));
    }
    entries.sort_unstable();
    let same = |pair: &[(usize, u32)]| {
        pair[0].0 == pair[1].0 && pair[0].1 >> (32 - KEPT_BITS) == pair[1].1 >> (32 - KEPT_BITS)
    };
    if entries.windows(2).any(same) {
        return Ok(None);
    }
    let mut counts = vec![0_usize; 1 << BUCKET_BITS];
    for (bucket, _) in &entries {
        counts[*bucket] += 1;
    }
    let mut table = seed.to_le_bytes().to_vec();
    let mut position = 0;
    for stride in counts.chunks(STRIDE) {
        table.extend(u32::try_from(position)?.to_le_bytes());
        position += stride.iter().sum::<usize>();
    }
    for count in counts {
        table.push(u8::try_from(count)?);
    }
    table.extend(entries.iter().flat_map(|(_, entry)| entry.to_le_bytes()));
    Ok(Some(table))
}
