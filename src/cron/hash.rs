//! `H` in a schedule: parses it and expands it to a plain expression by a pinned hash of names.
//!
//! The syntax is that of Jenkins (`hudson/scheduler/crontab.g`, `BaseParser.java`); ranges, errors and the hash are
//! fleetcron's own and never change, because a change would move the start of every hashed task of every fleet.

use std::fmt;
use std::ops::Range;

use super::parse;
use super::{CronError, CronField, FaultKind, Item};

/// The first part of every seed. Another rule of hashing would need another one.
const SEED: &str = "fleetcron-hash-1";

/// The last day of the month that a bare `H` may become: every month has it.
const LAST_DAY: u32 = 28;

/// The names that a hashed start depends on. The expression is not among them, so that an edit of one field moves no
/// other; other tasks and clusters are not either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashSeed<'a> {
    /// The namespace of the task's identity; empty if it has none.
    pub namespace: &'a str,
    /// The name of the task's identity.
    pub task: &'a str,
    /// The name of the cluster; empty to give all clusters the same start.
    pub cluster: &'a str,
    /// A text to move one task by; usually empty.
    pub salt: &'a str,
}

impl HashSeed<'_> {
    /// The hash for the `index`-th `H` of a field, or for `stagger`.
    pub(super) fn hash(&self, field: &str, index: usize) -> u64 {
        let HashSeed { namespace, task, cluster, salt } = self;
        finalize(fnv1a(format!("{SEED}/{field}/{index}/{namespace}/{task}/{cluster}/{salt}").as_bytes()))
    }

    /// The offset in minutes of a staggered start, below `window_minutes`.
    pub fn stagger_minutes(&self, window_minutes: u32) -> u32 {
        modulo(self.hash("stagger", 0), window_minutes)
    }
}

/// FNV-1a with 64 bits.
fn fnv1a(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// MurmurHash3's `fmix64`. The low bits of FNV depend on the low bits of the input alone: without this step `H H * * *`
/// reaches 720 of the 1440 minutes of a day.
fn finalize(mut hash: u64) -> u64 {
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ hash >> 33
}

fn modulo(hash: u64, size: u32) -> u32 {
    u32::try_from(hash % u64::from(size.max(1))).unwrap_or(0)
}

/// A schedule with at least one `H`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashedExpression {
    text: String,
    fields: Vec<HashedField>,
}

/// A field of a schedule with `H`: the items of its comma list as written, empty ones included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashedField {
    /// Which one.
    pub unit: CronField,
    /// Its bytes in the expression.
    pub at: Range<usize>,
    pub(super) items: Vec<HashedItem>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HashedItem {
    /// Between two commas with nothing between them.
    Empty,
    Plain(Item),
    Hash(HashItem),
}

/// One `H` of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashItem {
    /// The first number it can become.
    pub first: u32,
    /// The last number it can become.
    pub last: u32,
    /// The step, if one is written: from 2 to the size of the range.
    pub step: Option<u32>,
    /// Its bytes in the expression.
    pub at: Range<usize>,
}

/// Why a schedule with `H` is refused, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashFault {
    /// Why.
    pub kind: HashFaultKind,
    /// The bytes of the expression that it is about.
    pub at: Range<usize>,
}

/// The kinds of [`HashFault`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HashFaultKind {
    /// Not `H`, `H/n`, `H(a-b)` or `H(a-b)/n`.
    Syntax(CronField),
    /// The range leaves the field.
    Outside(CronField),
    /// The range ends before it begins.
    Backwards(CronField),
    /// A step of 0 or 1.
    SmallStep(CronField),
    /// A step that is longer than the range; holds the size of the range.
    LargeStep(CronField, u32),
    /// Two items of a list may fall on one number; holds the number.
    Overlap(CronField, u32),
    /// `H` in a day field while both day fields are given.
    BothDays,
    /// Kubernetes would refuse another part of the expression.
    Plain(Box<FaultKind>),
}

impl HashedExpression {
    /// Reads a schedule that has an item beginning with `H`; `None` if it has none, or is an `@` name.
    ///
    /// # Errors
    /// What is wrong with an `H`, and what Kubernetes would refuse in the rest.
    pub fn parse(text: &str) -> Result<Option<HashedExpression>, HashFault> {
        let fields = parse::split(text, 0, char::is_whitespace);
        let begins = |field: &Range<usize>| text[field.clone()].split(',').any(|item| item.starts_with('H'));
        if text.starts_with('@') || !fields.iter().any(begins) {
            return Ok(None);
        }
        if let Some(found) = text.find("TZ") {
            return Err(CronError { kind: FaultKind::Zone, at: found..found + 2 }.into());
        }
        if fields.len() != CronField::ALL.len() {
            return Err(CronError { kind: FaultKind::Count(fields.len()), at: 0..text.len() }.into());
        }
        let fields: Vec<HashedField> = fields
            .iter()
            .zip(CronField::ALL)
            .map(|(at, unit)| parse_field(text, at, unit))
            .collect::<Result<_, _>>()?;
        for field in &fields {
            field.check_overlap()?;
        }
        let hashed = HashedExpression { text: text.to_owned(), fields };
        hashed.check_days()?;
        Ok(Some(hashed))
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The five fields, in the order of an expression.
    pub fn fields(&self) -> &[HashedField] {
        &self.fields
    }

    /// The plain expression for some names: five fields joined by one blank, everything but `H` byte for byte.
    pub fn expand(&self, seed: &HashSeed) -> String {
        let fields: Vec<String> = self.fields.iter().map(|field| field.expand(&self.text, seed)).collect();
        fields.join(" ")
    }

    /// A plain expression that runs at every time that some expansion can have.
    pub fn widest(&self) -> String {
        let fields: Vec<String> = self.fields.iter().map(|field| field.widest(&self.text)).collect();
        fields.join(" ")
    }

    /// Kubernetes takes either day where both are given, Jenkins both: whoever hashes a day means neither.
    fn check_days(&self) -> Result<(), HashFault> {
        let days = self.fields.iter().filter(|field| matches!(field.unit, CronField::Day | CronField::Weekday));
        let days: Vec<&HashedField> = days.collect();
        match days.iter().find_map(|field| field.hashes().next()) {
            Some(hash) if days.iter().all(|field| !field.star()) => {
                Err(HashFault { kind: HashFaultKind::BothDays, at: hash.at.clone() })
            }
            _ => Ok(()),
        }
    }
}

impl HashedField {
    /// Its `H` items.
    pub fn hashes(&self) -> impl Iterator<Item = &HashItem> {
        self.items.iter().filter_map(|item| match item {
            HashedItem::Hash(hash) => Some(hash),
            _ => None,
        })
    }

    /// Whether a `*` or `?` in it is robfig's star bit.
    pub(super) fn star(&self) -> bool {
        self.items.iter().any(|item| matches!(item, HashedItem::Plain(item) if item.any && item.step == 1))
    }

    /// Bit n is set if some expansion has n.
    pub(super) fn possible(&self) -> u64 {
        self.items.iter().map(HashedItem::bits).fold(0, |all, bits| all | bits)
    }

    fn check_overlap(&self) -> Result<(), HashFault> {
        for hash in self.hashes() {
            // Two equal `H` differ by their bytes, so only the item itself is left out.
            let others = self.items.iter().filter(|item| !matches!(item, HashedItem::Hash(other) if other == hash));
            let shared = others.map(HashedItem::bits).fold(0, |all, bits| all | bits) & hash.bits();
            if shared != 0 {
                let kind = HashFaultKind::Overlap(self.unit, shared.trailing_zeros());
                return Err(HashFault { kind, at: hash.at.clone() });
            }
        }
        Ok(())
    }

    fn expand(&self, text: &str, seed: &HashSeed) -> String {
        let mut index = 0;
        self.render(text, |hash| {
            let expanded = hash.expand(seed.hash(field_name(self.unit), index));
            index += 1;
            expanded
        })
    }

    fn widest(&self, text: &str) -> String {
        self.render(text, |hash| format!("{}-{}", hash.first, hash.last))
    }

    fn render(&self, text: &str, mut hash_text: impl FnMut(&HashItem) -> String) -> String {
        let items: Vec<String> = self
            .items
            .iter()
            .map(|item| match item {
                HashedItem::Empty => String::new(),
                HashedItem::Plain(item) => text[item.at.clone()].to_owned(),
                HashedItem::Hash(hash) => hash_text(hash),
            })
            .collect();
        items.join(",")
    }
}

impl HashedItem {
    fn bits(&self) -> u64 {
        match self {
            HashedItem::Empty => 0,
            HashedItem::Plain(item) => parse::bits(item),
            HashedItem::Hash(hash) => hash.bits(),
        }
    }
}

impl HashItem {
    /// How many numbers its range has.
    pub fn size(&self) -> u32 {
        self.last - self.first + 1
    }

    fn bits(&self) -> u64 {
        (self.first..=self.last).fold(0, |bits, number| bits | 1 << number)
    }

    fn expand(&self, hash: u64) -> String {
        let Some(step) = self.step else { return (self.first + modulo(hash, self.size())).to_string() };
        let first = self.first + modulo(hash, step);
        if first + step > self.last { first.to_string() } else { format!("{first}-{}/{step}", self.last) }
    }
}

/// The name of a field in a seed.
fn field_name(unit: CronField) -> &'static str {
    match unit {
        CronField::Minute => "minute",
        CronField::Hour => "hour",
        CronField::Day => "day",
        CronField::Month => "month",
        CronField::Weekday => "weekday",
    }
}

fn parse_field(text: &str, at: &Range<usize>, unit: CronField) -> Result<HashedField, HashFault> {
    let mut items = Vec::new();
    let mut begin = at.start;
    for part in text[at.clone()].split(',') {
        let spot = begin..begin + part.len();
        begin = spot.end + 1;
        items.push(match part {
            "" => HashedItem::Empty,
            part if part.starts_with('H') => HashedItem::Hash(parse_hash(part, spot, unit)?),
            part => HashedItem::Plain(parse::item(part, spot, unit)?),
        });
    }
    Ok(HashedField { unit, at: at.clone(), items })
}

/// `H`, `H/n`, `H(a-b)` or `H(a-b)/n`.
fn parse_hash(text: &str, at: Range<usize>, unit: CronField) -> Result<HashItem, HashFault> {
    let fault = |kind| HashFault { kind, at: at.clone() };
    let syntax = || fault(HashFaultKind::Syntax(unit));
    let rest = text.strip_prefix('H').ok_or_else(syntax)?;
    let (low, high) = unit.bounds();
    let (first, last, rest) = match rest.strip_prefix('(') {
        None => (low, if unit == CronField::Day { LAST_DAY } else { high }, rest),
        Some(rest) => {
            let (range, rest) = rest.split_once(')').ok_or_else(syntax)?;
            let (first, last) = range.split_once('-').ok_or_else(syntax)?;
            let end = |text: &str| digits(text).or_else(|| name(text, unit)).ok_or_else(syntax);
            (end(first)?, end(last)?, rest)
        }
    };
    let step = match rest {
        "" => None,
        rest => Some(rest.strip_prefix('/').and_then(digits).ok_or_else(syntax)?),
    };
    if first.min(last) < low || first.max(last) > high {
        return Err(fault(HashFaultKind::Outside(unit)));
    }
    if first > last {
        return Err(fault(HashFaultKind::Backwards(unit)));
    }
    let size = last - first + 1;
    match step {
        Some(0 | 1) => Err(fault(HashFaultKind::SmallStep(unit))),
        Some(step) if step > size => Err(fault(HashFaultKind::LargeStep(unit, size))),
        step => Ok(HashItem { first, last, step, at }),
    }
}

/// One or two ASCII digits.
fn digits(text: &str) -> Option<u32> {
    let plain = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// A three-letter name of the field, in any case.
fn name(text: &str, unit: CronField) -> Option<u32> {
    let position = unit.names().iter().position(|name| name.eq_ignore_ascii_case(text))?;
    Some(unit.bounds().0 + u32::try_from(position).ok()?)
}

impl From<CronError> for HashFault {
    fn from(fault: CronError) -> HashFault {
        HashFault { kind: HashFaultKind::Plain(Box::new(fault.kind)), at: fault.at }
    }
}

impl HashFault {
    /// The fault as the plain parser states it, if `H` has no part in it.
    pub fn plain(&self) -> Option<CronError> {
        match &self.kind {
            HashFaultKind::Plain(kind) => Some(CronError { kind: (**kind).clone(), at: self.at.clone() }),
            _ => None,
        }
    }

    /// What to write instead.
    pub fn help(&self, text: &str) -> Option<String> {
        Some(match &self.kind {
            HashFaultKind::Syntax(unit) => {
                let (low, high) = unit.bounds();
                format!("write `H`, `H/n`, `H(a-b)` or `H(a-b)/n` with numbers from {low} to {high}")
            }
            HashFaultKind::Outside(unit) => {
                let (low, high) = unit.bounds();
                format!("write a range within `H({low}-{high})`")
            }
            HashFaultKind::Backwards(unit) => {
                let (low, high) = unit.bounds();
                format!("a range does not wrap: write one within `H({low}-{high})` that begins with its smaller number")
            }
            HashFaultKind::SmallStep(_) => "write `H` for one number, or `*` for every number".to_owned(),
            HashFaultKind::LargeStep(_, size) => format!("write `H` for one number, or a step from 2 to {size}"),
            HashFaultKind::Overlap(..) => {
                "give each `H` a range of its own, such as `H(0-29),H(30-59)`, or write `H/n`".to_owned()
            }
            HashFaultKind::BothDays => {
                "write `*` for the day of the month or for the day of the week: Kubernetes runs on days that match either"
                    .to_owned()
            }
            HashFaultKind::Plain(_) => return self.plain().and_then(|fault| fault.help(text)),
        })
    }
}

impl fmt::Display for HashFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            HashFaultKind::Syntax(_) => f.write_str("this is none of `H`, `H/n`, `H(a-b)` and `H(a-b)/n`"),
            HashFaultKind::Outside(unit) => {
                let (low, high) = unit.bounds();
                write!(f, "the range of this `H` leaves the {} ({low}-{high})", unit.name())
            }
            HashFaultKind::Backwards(_) => f.write_str("the range of this `H` ends before it begins"),
            HashFaultKind::SmallStep(_) => f.write_str("the step of an `H` is at least 2"),
            HashFaultKind::LargeStep(_, size) => {
                write!(f, "the step of this `H` is longer than its range of {size} numbers")
            }
            HashFaultKind::Overlap(unit, number) => {
                write!(f, "two items of this list may both become {} {number}", unit.name())
            }
            HashFaultKind::BothDays => {
                f.write_str("`H` in a day field, while both the day of the month and the day of the week are given")
            }
            HashFaultKind::Plain(_) => match self.plain() {
                Some(fault) => fault.fmt(f),
                None => Ok(()),
            },
        }
    }
}

impl std::error::Error for HashFault {}
