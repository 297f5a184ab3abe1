//! Global ids: opaque texts that say what they are the id of.

use std::io::{Cursor, Write};

use async_graphql::ID;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::id::{
    ActivityId, CertificateId, CourseId, GroupId, JobId, PathId, PostId, RecordId, ResultId, SaleId,
    SessionId, SlotId, UserId,
};

use crate::error::Refusal;

/// Longest id that is looked at, in bytes.
const ID_BYTES: usize = 64;

/// An id of one of our tables, as the API names it.
pub trait GlobalId: Copy + Into<i64> {
    /// The GraphQL type of what it is the id of.
    const TYPE: &'static str;

    /// The id of this number.
    fn of(number: i64) -> Self;

    /// The id as clients see it: base64url of `Type:number`.
    fn global(self) -> ID {
        // There is one in most of what is answered: it is put together without an allocation, in half of this room.
        let mut text = Cursor::new([0; ID_BYTES]);
        let written = write!(text, "{}:{}", Self::TYPE, self.into());
        debug_assert!(written.is_ok(), "an id is short");
        let length = usize::try_from(text.position()).unwrap_or_default();
        ID(URL_SAFE_NO_PAD.encode(&text.get_ref()[..length]))
    }
}

macro_rules! global_ids {
    ($($id:ident = $name:ident),+ $(,)?) => {
        $(impl GlobalId for $id {
            const TYPE: &'static str = stringify!($name);

            fn of(number: i64) -> $id {
                $id(number)
            }
        })+

        /// An id of anything that has one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum AnyId {
            $(#[doc = concat!("A ", stringify!($name), ".")] $name($id)),+
        }

        impl AnyId {
            fn of(kind: &str, number: i64) -> Option<AnyId> {
                match kind {
                    $(stringify!($name) => Some(AnyId::$name($id(number))),)+
                    _ => None,
                }
            }
        }
    };
}

global_ids! {
    UserId = User,
    GroupId = Group,
    CourseId = Course,
    PathId = Path,
    SessionId = Session,
    SlotId = Slot,
    ActivityId = Activity,
    PostId = Post,
    ResultId = Result,
    CertificateId = Certificate,
    SaleId = Sale,
    RecordId = Removal,
    JobId = RemovalJob,
}

/// The id of a `T` in the input field at `path`.
///
/// # Errors
/// `BAD_INPUT` when it is no id at all, `NOT_FOUND` when it is the id of something else.
pub fn parse<T: GlobalId>(id: &ID, path: &[&str]) -> Result<T, Refusal> {
    let (name, number) = split(id, path)?;
    if name == T::TYPE { Ok(T::of(number)) } else { Err(Refusal::not_found(path, T::TYPE)) }
}

/// As [`parse`], for a list.
///
/// # Errors
/// As [`parse`], for the first that is wrong.
pub fn parse_all<T: GlobalId>(ids: &[ID], path: &[&str]) -> Result<Vec<T>, Refusal> {
    ids.iter().map(|id| parse(id, path)).collect()
}

/// As [`parse`], where the id may be left out.
///
/// # Errors
/// As [`parse`].
pub fn parse_option<T: GlobalId>(id: Option<&ID>, path: &[&str]) -> Result<Option<T>, Refusal> {
    id.map(|id| parse(id, path)).transpose()
}

/// An id of whatever it is.
///
/// # Errors
/// `BAD_INPUT` when it is no id at all.
pub fn parse_any(id: &ID, path: &[&str]) -> Result<AnyId, Refusal> {
    let (name, number) = split(id, path)?;
    AnyId::of(&name, number).ok_or_else(|| malformed(path))
}

fn split(id: &ID, path: &[&str]) -> Result<(String, i64), Refusal> {
    if id.len() > ID_BYTES {
        return Err(malformed(path));
    }
    let text = URL_SAFE_NO_PAD.decode(id.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let (name, digits) =
        text.as_deref().and_then(|text| text.split_once(':')).ok_or_else(|| malformed(path))?;
    // Every number has one spelling, so that an id can be compared as it is.
    let number = digits.parse::<i64>().ok().filter(|number| *number > 0 && number.to_string() == digits);
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    match number {
        Some(number) if is_name => Ok((name.to_owned(), number)),
        _ => Err(malformed(path)),
    }
}

fn malformed(path: &[&str]) -> Refusal {
    Refusal::bad_input(path, "This is no id of ours.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back() {
        let id = UserId(42).global();
        assert_eq!(parse::<UserId>(&id, &["userId"]), Ok(UserId(42)));
        assert_eq!(parse_any(&id, &["id"]), Ok(AnyId::User(UserId(42))));
    }

    #[test]
    fn an_id_of_something_else_is_not_found() {
        let refusal = parse::<UserId>(&GroupId(42).global(), &["userId"]).expect_err("another type");
        assert_eq!((refusal.code(), refusal.path()), ("NOT_FOUND", vec!["userId".to_owned()]));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for text in [
            String::new(),
            "42".to_owned(),
            "0b2f7c1e-2f5c-4a55-8f3a-0f4f3f8b7b10".to_owned(),
            "x".repeat(10_000),
            encode("User:"),
            encode("User:0"),
            encode("User:-1"),
            encode("User:+1"),
            encode("User:007"),
            encode("User:1 or 1=1"),
            encode("User:99999999999999999999"),
            encode(":1"),
            format!("{}==", encode("User:1")),
        ] {
            let refusal = parse::<UserId>(&ID(text.clone()), &["id"]).expect_err(&text);
            assert_eq!(refusal.code(), "BAD_INPUT", "{text}");
        }
    }
}
