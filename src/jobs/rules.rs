//! How much of a chunk is tried at once, after it has ended the process.

/// How often people are tried together before they are tried in halves. More than once, since who ended the process is
/// not known: it may have been killed.
const TOGETHER: i64 = 2;
/// How often one person alone may end the process (R29).
const ALONE: i64 = 6;

/// How a chunk fared so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// How many of its people are taken at once.
    pub size: usize,
    /// How often that was begun without an end.
    pub attempts: i64,
}

impl Tried {
    /// How it is to be tried next, that attempt counted; none where one person alone has ended the process too often.
    pub fn next(self) -> Option<Tried> {
        let Tried { size, attempts } = self;
        match size {
            1 if attempts >= ALONE => None,
            1 => Some(Tried { size, attempts: attempts + 1 }),
            _ if attempts >= TOGETHER => Some(Tried { size: size.div_ceil(2), attempts: 1 }),
            _ => Some(Tried { size, attempts: attempts + 1 }),
        }
    }

    /// The last attempt did not end the process.
    #[must_use]
    pub fn survived(self) -> Tried {
        Tried { attempts: (self.attempts - 1).max(0), ..self }
    }

    /// It broke without ending the process: halves are tried, until the person at fault stands alone.
    #[must_use]
    pub fn broke(self) -> Tried {
        Tried { size: self.size.div_ceil(2), attempts: 0 }
    }

    /// It was done: more are taken at once again, at most `full`.
    #[must_use]
    pub fn done(self, full: usize) -> Tried {
        Tried { size: self.size.saturating_mul(2).min(full), attempts: 0 }
    }
}

/// How many of those who weigh so much are taken at once, so that they weigh no more than `most` together; at least one.
pub fn within(weights: impl IntoIterator<Item = i64>, most: i64) -> usize {
    let mut sum = 0_i64;
    let fitting = weights.into_iter().take_while(|weight| {
        sum = sum.saturating_add(*weight);
        sum <= most
    });
    fitting.count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes that are tried when the process dies each time.
    fn dying(size: usize) -> Vec<usize> {
        let mut tried = Tried { size, attempts: 0 };
        std::iter::from_fn(|| {
            tried = tried.next()?;
            Some(tried.size)
        })
        .collect()
    }

    #[test]
    fn what_keeps_ending_the_process_is_halved_and_alone_given_up_after_six() {
        assert_eq!(dying(1), [1; 6]);
        assert_eq!(dying(5), [5, 5, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1]);
    }

    #[test]
    fn what_did_not_end_the_process_is_not_held_against_anybody() {
        let mut tried = Tried { size: 1, attempts: 0 };
        for _ in 0..100 {
            tried = tried.survived().next().expect("it is tried again");
        }
        assert_eq!(tried, Tried { size: 1, attempts: 1 });
    }

    #[test]
    fn after_a_success_more_are_taken_again() {
        assert_eq!(Tried { size: 3, attempts: 1 }.done(5), Tried { size: 5, attempts: 0 });
        assert_eq!(Tried { size: 5, attempts: 1 }.broke(), Tried { size: 3, attempts: 0 });
    }

    #[test]
    fn a_chunk_closes_early_when_its_people_bring_too_much() {
        assert_eq!(within([100, 100, 100, 1], 300), 3);
        assert_eq!(within([100, 100, 101], 300), 2);
        assert_eq!(within([1_000, 1], 300), 1, "one person at least");
        assert_eq!(within([0, 0, 0], 0), 3);
    }
}
