//! Compares two compilations, or one and existing manifests, and guards against deletions.

mod beside;
mod cascades;
mod changes;
mod consequences;
mod field;
mod guard;
mod inventory;
mod losses;
mod objects;
mod pairs;
mod refused_updates;
mod renamed;
mod standing;
mod task;
mod whereabouts;

pub use cascades::Takes;
pub use changes::{Changes, Fate, Totals, changes};
pub use consequences::{Cascade, Consequences, ReadObjects, RefusedUpdate, Taken, consequences};
pub use field::{Field, Lists, Step, fields, path_text, value_at, value_with};
pub use guard::{ALL, Allowed, Measured, Refusal, guard, names_to_allow};
pub use inventory::{HIDDEN, Inventory, Renamed, Said};
pub use losses::{Baseline, Cause, Copies, Loss, Losses, Recorded, Size, losses, recorded};
pub use objects::{Compared, Eyes, unseen};
pub use renamed::{RenamedCronJob, renamed_cron_jobs};
pub use standing::{Against, Key, Object, Placed, against};
pub use task::{Change, Document, State, Task, What, When};
pub use whereabouts::Why;
