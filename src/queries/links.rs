//! What stands between a person and something else (a membership, an enrolment, progress), read from either end
//! together with the other.

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use entity::id::UserId;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::users::User;
use super::{
    Batch, By, Filter, Known, List, Noun, Order, Reader, Relation, Row, Seen, Selected, columns, selected,
};
use crate::error::Error;

/// People by name.
const BY_NAME: &[By] = &[By::text("u.name_key"), By::number("u.id")];

/// A kind of row, called `l`, between a person, called `u`, and something else, called `o`.
pub trait Link: Clone + Debug + Eq + Hash + Send + Sync + 'static {
    /// The row.
    type Row: Row + Clone;
    /// The something else.
    type Other: Debug + DeserializeOwned + Send + Sync + 'static;
    /// Its id.
    type OtherId: Into<i64> + Copy + Debug + Eq + Hash + Send + Sync + 'static;

    /// The rows: a table, or a select in parentheses that narrows itself by `in {parents}`.
    const ROWS: Rows;
    /// The column of the row that names the other end, as `l.course_id`.
    const COLUMN: &'static str;

    /// Which rows.
    fn filter(&self) -> Filter {
        Filter::new()
    }
}

/// A link that is read from the person.
pub trait FromUser: Link {
    /// The statement's name.
    const OF_USER: &'static str;
    /// The other ends by id. Many people share one: all of it is read once, not with every row; its head is.
    type Others: Noun<Id = Self::OtherId, Thing = Self::Other>;
    /// How a person's rows are ordered; the last column makes it total.
    const ORDER: &'static [By];
    /// What a person's rows tell of.
    const SEEN: &'static [Seen];
    /// Whether whoever sees a row sees its other end. Where not, the other end is read for those who do.
    const TELLS_OTHER: bool = true;

    /// Which other end the row names.
    fn other(row: &Self::Row) -> Self::OtherId;
}

/// A link that is read from the other end.
pub trait FromOther: Link {
    /// The statement's name.
    const OF_OTHER: &'static str;
    /// How the people of the other end are ordered; the last column makes it total.
    const PEOPLE: &'static [By] = BY_NAME;
    /// What the rows of the other end tell of.
    const SEEN: &'static [Seen] = &[Seen::Person("u")];
}

/// Where a link's rows come from.
#[derive(Clone, Copy, Debug)]
pub enum Rows {
    /// A table.
    Table(&'static str),
    /// A select, by the end that it is narrowed by.
    Select {
        /// The rows of these people.
        of_users: fn() -> String,
        /// The rows of these others.
        of_others: fn() -> String,
    },
}

/// A row, and the end that was read with it; the end that it was reached from is left out.
#[derive(Debug, Deserialize)]
#[serde(bound = "")]
pub struct Linked<L: Link> {
    /// The row.
    pub row: L::Row,
    /// The person.
    #[serde(default, deserialize_with = "selected::shared")]
    pub user: Option<Arc<User>>,
    /// The other end.
    #[serde(default, deserialize_with = "selected::shared")]
    pub other: Option<Arc<L::Other>>,
}

impl<L: Link> Linked<L> {
    /// The row of what the statement calls `table`, without either end.
    pub fn alone(table: &str) -> Selected<Linked<L>> {
        Selected::several([columns::<L::Row>(table).any()])
    }
}

/// A link read from the person.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OfUser<L>(pub L);

/// A link read from the other end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OfOther<L>(pub L);

impl<L: FromUser> Relation for OfUser<L> {
    type Parent = UserId;
    type Item = Arc<Linked<L>>;
    const PARENT: &'static str = "l.user_id";

    fn list(&self) -> List<Arc<Linked<L>>> {
        let rows = match L::ROWS {
            Rows::Table(table) => table.to_owned(),
            Rows::Select { of_users, .. } => format!("({})", of_users()),
        };
        let (selected, other) = (Linked::alone("l"), L::Others::selected("o"));
        let selected = if other.has_head() && L::TELLS_OTHER {
            let with_head = [columns::<L::Row>("l").any(), Selected::value("null"), other.any()];
            selected.with_head(&Selected::several(with_head))
        } else {
            selected
        };
        List {
            name: L::OF_USER,
            selected: selected.shared(),
            from: format!(
                "{rows} l join {} o on o.id = {}{}",
                L::Others::TABLE,
                L::COLUMN,
                L::Others::joined("o")
            ),
            filter: self.0.filter(),
            seen: <L as FromUser>::SEEN.to_vec(),
            order: Order::new("USER", L::ORDER),
        }
    }

    async fn complete(reader: &Reader, items: Vec<&mut Arc<Linked<L>>>) -> Result<(), Error> {
        let items: Vec<_> = items.into_iter().filter(|item| item.other.is_none()).collect();
        if items.is_empty() {
            return Ok(());
        }
        let ids: HashSet<L::OtherId> = items.iter().map(|item| L::other(&item.row)).collect();
        let ids = ids.into_iter().collect();
        let others = if L::TELLS_OTHER {
            Known::<L::Others>::load(reader, ids).await?
        } else {
            L::Others::load(reader, ids).await?
        };
        for item in items {
            let other = others.get(&L::other(&item.row)).cloned();
            *item = Arc::new(Linked { row: item.row.clone(), user: None, other });
        }
        Ok(())
    }
}

impl<L: FromOther> Relation for OfOther<L> {
    type Parent = L::OtherId;
    type Item = Arc<Linked<L>>;
    const PARENT: &'static str = L::COLUMN;

    fn list(&self) -> List<Arc<Linked<L>>> {
        let rows = match L::ROWS {
            Rows::Table(table) => table.to_owned(),
            Rows::Select { of_others, .. } => format!("({})", of_others()),
        };
        List {
            name: L::OF_OTHER,
            selected: Selected::several([columns::<L::Row>("l").any(), User::selected("u").any()]),
            from: format!("{rows} l join users u on u.id = l.user_id"),
            filter: self.0.filter(),
            seen: <L as FromOther>::SEEN.to_vec(),
            order: Order::new("PEOPLE", L::PEOPLE),
        }
    }
}
