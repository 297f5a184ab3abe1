//! Conditions, put together and bound.

use sea_orm::Value;

use crate::db::sql::Sql;

/// Conditions that a row has to meet, all of them, and what they bind.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    conditions: Vec<String>,
    values: Vec<(&'static str, Value)>,
    sets: Vec<(&'static str, Vec<i64>)>,
    selects: Vec<(&'static str, String)>,
}

impl Filter {
    /// No condition.
    pub fn new() -> Filter {
        Filter::default()
    }

    /// Adds a condition that binds nothing.
    #[must_use]
    pub fn and(mut self, condition: impl Into<String>) -> Filter {
        self.conditions.push(condition.into());
        self
    }

    /// Adds a condition in which `{name}` is this value.
    #[must_use]
    pub fn with(
        mut self,
        condition: impl Into<String>,
        name: &'static str,
        value: impl Into<Value>,
    ) -> Filter {
        self.conditions.push(condition.into());
        self.values.push((name, value.into()));
        self
    }

    /// Binds another value of the condition added last.
    #[must_use]
    pub fn also(mut self, name: &'static str, value: impl Into<Value>) -> Filter {
        self.values.push((name, value.into()));
        self
    }

    /// Adds a condition in which `in {name}` is this set.
    #[must_use]
    pub fn within<T: Into<i64>>(
        mut self,
        condition: impl Into<String>,
        name: &'static str,
        ids: impl IntoIterator<Item = T>,
    ) -> Filter {
        self.conditions.push(condition.into());
        self.sets.push((name, ids.into_iter().map(Into::into).collect()));
        self
    }

    /// The same conditions as part of a text.
    #[must_use]
    pub fn inside(self, text: impl FnOnce(&str) -> String) -> Filter {
        Filter { conditions: vec![text(&self.text())], ..self }
    }

    /// Binds another set of the condition added last.
    #[must_use]
    pub fn set<T: Into<i64>>(mut self, name: &'static str, ids: impl IntoIterator<Item = T>) -> Filter {
        self.sets.push((name, ids.into_iter().map(Into::into).collect()));
        self
    }

    /// Lets `in {name}` of the condition added last mean the ids that `select` finds, once in a statement.
    #[must_use]
    pub fn select(mut self, name: &'static str, select: String) -> Filter {
        self.selects.push((name, select));
        self
    }

    /// Adds the conditions of `other`. What both name is the same, and bound once.
    #[must_use]
    pub fn merge(mut self, other: Filter) -> Filter {
        self.conditions.extend(other.conditions);
        for (name, value) in other.values {
            if self.values.iter().all(|(known, _)| *known != name) {
                self.values.push((name, value));
            }
        }
        for (name, ids) in other.sets {
            if self.sets.iter().all(|(known, _)| *known != name) {
                self.sets.push((name, ids));
            }
        }
        for (name, select) in other.selects {
            if self.selects.iter().all(|(known, _)| *known != name) {
                self.selects.push((name, select));
            }
        }
        self
    }

    /// Adds a condition if there is a value for it.
    #[must_use]
    pub fn maybe(
        self,
        condition: impl Into<String>,
        name: &'static str,
        value: Option<impl Into<Value>>,
    ) -> Filter {
        match value {
            Some(value) => self.with(condition, name, value),
            None => self,
        }
    }

    /// Adds that `column` has `text` in it, each character of it meaning itself; `text` is folded.
    #[must_use]
    pub fn contains(self, column: &str, name: &'static str, text: &str) -> Filter {
        let literal = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        self.with(format!("{column} like {{{name}}} escape '\\'"), name, format!("%{literal}%"))
    }

    /// The conditions as one.
    pub fn text(&self) -> String {
        if self.conditions.is_empty() { "1 = 1".to_owned() } else { self.conditions.join(" and ") }
    }

    /// Binds what the conditions name.
    #[must_use]
    pub fn bind(&self, statement: Sql) -> Sql {
        let statement = self
            .selects
            .iter()
            .fold(statement, |statement, (name, select)| statement.with(name, select.clone()));
        let statement = self
            .values
            .iter()
            .fold(statement, |statement, (name, value)| statement.bind(name, value.clone()));
        self.sets.iter().fold(statement, |statement, (name, ids)| statement.ids(name, ids.iter().copied()))
    }
}
