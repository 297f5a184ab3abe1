//! Which work is done for which kind of job: the one list of all kinds.

use entity::kind::JobKind;

use crate::jobs::Kinds;
use crate::removal::batch::Removals;

/// Every kind of job.
pub const KINDS: Kinds = Kinds(&[(JobKind::Removal, &Removals)]);
