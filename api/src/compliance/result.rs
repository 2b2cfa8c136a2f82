//! Following a job's result: what was taken back at X leaves the tables.

use std::time::Duration;

use futures::stream::iter;
use futures::{StreamExt, TryStreamExt};
use json_api::{Answer, broken};
use posts::PostId;
use posts::tweets::{Correction, TweetsTable};
use service::tables::TableError;
use stream::compliance::{CheckOutcome, Job};
use tokio::time::Instant;
use utc_time::UtcTime;
use x::{ComplianceAction, ComplianceLine};

use super::ids::is_of_x;
use super::job::is_final;
use super::{Failed, Next, Stopped, Turn};

/// The longest line that is read, in bytes. X's have about 150.
const LINE_BYTES: usize = 16 * 1024;

/// How many lines are followed before it is noted.
const LINES_AT_ONCE: usize = 100;

/// How many of them are followed concurrently.
const CONCURRENT: usize = 8;

/// How long taking back one post waits for other writes of the same post.
const PATIENCE: Duration = Duration::from_secs(5);

impl Turn<'_> {
    /// Does what the lines of a result ask for, from where the last turn came to, as long as there is time.
    pub(super) async fn follow_result(&mut self, url: &str, job: Job) -> Result<Next, Stopped> {
        let Answer { outcome, limit } = self.x.open_compliance_result(url).await;
        let mut result = match outcome {
            Ok(result) => result,
            Err(error) if is_final(&error) => {
                let Failed { reason, .. } = Failed::at_x("fetch a result", &error, limit);
                return Err(self.give_up(&reason));
            }
            Err(error) => return Err(Failed::at_x("fetch a result", &error, limit).into()),
        };
        let mut lines = Lines::behind(job.followed);
        loop {
            let chunk = tokio::time::timeout_at(self.until, result.chunk()).await;
            let Ok(chunk) = chunk else { return Ok(Next::Wait) };
            let chunk = chunk.map_err(|error| Failed::at_x("fetch a result", &broken(&error), None))?;
            match &chunk {
                Some(chunk) => lines.push(chunk),
                None => lines.end(),
            }
            while let Some((part, through)) = lines.take(if chunk.is_some() { LINES_AT_ONCE } else { 1 }) {
                let outcome = follow(self.tweets, part).await?;
                if let Some(check) = &mut self.state.check {
                    check.outcome.add(outcome);
                }
                if let Some(job) = self.job() {
                    job.followed = through;
                }
                if Instant::now() >= self.until {
                    return Ok(Next::Wait);
                }
            }
            if chunk.is_none() {
                break;
            }
        }
        if let Some(check) = &mut self.state.check {
            check.outcome.jobs += 1;
            check.outcome.checked += job.posts;
        }
        self.pass(job.through).await
    }
}

/// Does what some lines ask for; each line that cannot be read harms nothing else.
async fn follow(
    tweets: &TweetsTable,
    lines: Vec<Option<ComplianceLine>>,
) -> Result<CheckOutcome, TableError> {
    let outcomes = iter(lines).map(|line| follow_line(tweets, line)).buffer_unordered(CONCURRENT);
    outcomes
        .try_fold(CheckOutcome::default(), async |mut sum, outcome| {
            sum.add(outcome);
            Ok(sum)
        })
        .await
}

/// Does what a line asks for. Where it asks about an item that this version cannot read, it is skipped: no other attempt could do more.
async fn follow_line(tweets: &TweetsTable, line: Option<ComplianceLine>) -> Result<CheckOutcome, TableError> {
    match follow_readable(tweets, line).await {
        Err(error @ TableError::Item { .. }) => {
            tracing::error!(%error, "a line of X's answer could not be followed");
            Ok(CheckOutcome { skipped: 1, ..CheckOutcome::default() })
        }
        outcome => outcome,
    }
}

async fn follow_readable(
    tweets: &TweetsTable,
    line: Option<ComplianceLine>,
) -> Result<CheckOutcome, TableError> {
    let skipped = CheckOutcome { skipped: 1, ..CheckOutcome::default() };
    let Some(ComplianceLine { id, action }) = line else { return Ok(skipped) };
    // X knows of its own posts alone.
    let Some(id) = id.parse::<PostId>().ok().filter(is_of_x) else { return Ok(skipped) };
    let (now, deadline) = (UtcTime::now(), Instant::now() + PATIENCE);
    let correction = match action {
        ComplianceAction::Unknown => return Ok(skipped),
        ComplianceAction::ScrubGeo => tweets.scrub_place(&id, now, deadline).await?,
        _ => tweets.remove_everywhere(&id, now, deadline).await?,
    };
    let mut outcome = CheckOutcome::default();
    let count = match (correction, action) {
        (Correction::NotNeeded, _) => &mut outcome.not_needed,
        (Correction::Made, ComplianceAction::ScrubGeo) => &mut outcome.scrub_geo,
        (Correction::Made, ComplianceAction::Deleted) => &mut outcome.deleted,
        (Correction::Made, ComplianceAction::Protected) => &mut outcome.protected,
        (Correction::Made, ComplianceAction::Suspended) => &mut outcome.suspended,
        (Correction::Made, ComplianceAction::Bounced) => &mut outcome.bounced,
        (Correction::Made, ComplianceAction::OtherDeletion | ComplianceAction::Unknown) => &mut outcome.other,
    };
    *count += 1;
    Ok(outcome)
}

/// Cuts a result into lines, and knows at which byte each ends.
#[derive(Debug, Default)]
struct Lines {
    /// How many bytes of what comes were followed by an earlier turn.
    known: u64,
    /// How many bytes have been cut into lines.
    cut: u64,
    unfinished: Vec<u8>,
    /// How many bytes of the unfinished line were dropped because it is too long.
    dropped: usize,
    /// The lines that were not taken yet, each with the byte behind its end. `None` is one that cannot be read.
    lines: Vec<(Option<ComplianceLine>, u64)>,
}

impl Lines {
    /// The lines behind the first `known` bytes.
    fn behind(known: u64) -> Self {
        Self { known, cut: known, ..Self::default() }
    }

    fn push(&mut self, chunk: &[u8]) {
        let known = usize::try_from(self.known).unwrap_or(usize::MAX).min(chunk.len());
        self.known -= known as u64;
        for part in chunk[known..].split_inclusive(|byte| *byte == b'\n') {
            let kept = part.len().min(LINE_BYTES.saturating_sub(self.unfinished.len()));
            self.unfinished.extend_from_slice(&part[..kept]);
            self.dropped += part.len() - kept;
            if part.ends_with(b"\n") {
                self.end();
            }
        }
    }

    /// Ends the line, if one has begun.
    fn end(&mut self) {
        let length = self.unfinished.len() + self.dropped;
        self.cut += length as u64;
        let line = std::mem::take(&mut self.unfinished);
        let is_whole = std::mem::take(&mut self.dropped) == 0;
        if !line.trim_ascii().is_empty() {
            self.lines.push((ComplianceLine::read(&line).filter(|_| is_whole), self.cut));
        }
    }

    /// Some lines, and the byte behind the last of them; `None` if there are fewer than `least`.
    fn take(&mut self, least: usize) -> Option<(Vec<Option<ComplianceLine>>, u64)> {
        if self.lines.len() < least {
            return None;
        }
        let taken: Vec<_> = self.lines.drain(..self.lines.len().min(LINES_AT_ONCE)).collect();
        let through = taken.last()?.1;
        Some((taken.into_iter().map(|(line, _)| line).collect(), through))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(id: u64) -> String {
        format!("{{\"id\":\"{id}\",\"action\":\"delete\",\"reason\":\"deleted\"}}")
    }

    /// The ids of the lines behind a byte, when what follows comes in chunks of this size; 0 for one that cannot be read.
    fn ids(text: &[u8], known: u64, chunk: usize) -> Vec<(u64, u64)> {
        let mut lines = Lines::behind(known);
        text.chunks(chunk).for_each(|chunk| lines.push(chunk));
        lines.end();
        let id = |line: &Option<ComplianceLine>| line.as_ref().map_or(0, |line| line.id.parse().unwrap());
        lines.lines.iter().map(|(line, through)| (id(line), *through)).collect()
    }

    proptest! {
        #[test]
        fn a_result_is_followed_from_any_line_on_however_it_is_cut(
            count in 0..30_u64, chunk in 1..200_usize, crlf: bool, ends: bool
        ) {
            let end = if crlf { "\r\n" } else { "\n" };
            let mut text = (1..=count).map(line).collect::<Vec<_>>().join(end);
            if ends {
                text.push_str(end);
            }
            let all = ids(text.as_bytes(), 0, chunk);
            prop_assert_eq!(all.iter().map(|(id, _)| *id).collect::<Vec<_>>(), (1..=count).collect::<Vec<_>>());
            for (number, (_, through)) in all.iter().enumerate() {
                prop_assert_eq!(&ids(text.as_bytes(), *through, chunk), &all[number + 1..]);
            }
        }
    }

    #[test]
    fn a_line_that_cannot_be_read_is_one_and_the_next_is_read() {
        let text = [b"{broken\n\n\xff\xfe\n".as_slice(), &[b'x'; LINE_BYTES + 9], b"\n", line(7).as_bytes()]
            .concat();
        let found = ids(&text, 0, 1000);
        assert_eq!(found.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [0, 0, 0, 7]);
        assert_eq!(found.last().unwrap().1, text.len() as u64);
    }

    #[test]
    fn lines_are_taken_by_the_hundred_and_the_rest_at_the_end() {
        let mut lines = Lines::behind(0);
        (1..=250).for_each(|id| lines.push(format!("{}\n", line(id)).as_bytes()));
        let mut taken = Vec::new();
        while let Some((part, _)) = lines.take(LINES_AT_ONCE) {
            taken.push(part.len());
        }
        while let Some((part, _)) = lines.take(1) {
            taken.push(part.len());
        }
        assert_eq!(taken, [100, 100, 50]);
    }
}
