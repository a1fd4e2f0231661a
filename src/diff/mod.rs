//! Compares two compilations, or one and existing manifests, and guards against deletions.

mod beside;
mod cascades;
mod changes;
mod consequences;
mod existing;
mod field;
mod guard;
mod inventory;
mod list_keys;
mod losses;
mod normal_objects;
mod objects;
mod pairs;
mod redaction;
mod refused_updates;
mod renamed;
mod significance;
mod standing;
mod task;
mod whereabouts;

pub use cascades::Takes;
pub use changes::{Changes, Fate, Totals, changes};
pub use consequences::{Cascade, Consequences, RefusedUpdate, Taken, consequences};
pub use existing::{ExistingObjects, Ignored, read_objects};
pub use field::{Field, Step, fields, path_text, value_at, value_with};
pub use guard::{ALL, Allowed, Measured, Refusal, guard, names_to_allow};
pub use inventory::{HIDDEN, Inventory, Renamed, Said};
pub use list_keys::ListKeys;
pub use losses::{Baseline, Cause, Copies, Loss, Losses, Recorded, Size, losses, recorded};
pub use objects::{Compared, unseen};
pub use redaction::{Redaction, is_redacted};
pub use renamed::{RenamedCronJob, renamed_cron_jobs};
pub use significance::is_order_significant;
pub use standing::{Against, Key, Object, Placed, against};
pub use task::{Change, Document, State, Task, What, When};
pub use whereabouts::Why;
