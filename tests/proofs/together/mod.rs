//! Two writes at once, on PostgreSQL, in the interleavings of the lock ladder: afterwards no living person is without a
//! group, no work belongs to somebody deleted, nobody deleted is a member again, no attendee is no participant; no
//! deadlock happens, and what is refused is refused by name. SQLite has one writer.

mod content;
mod people;
mod race;
