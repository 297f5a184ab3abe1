//! Random organisations, the same for the same seed, and something to be removed from them.

use entity::kind::{AudienceKind, DateKind, Privacy, Role, Status};
use roster::organisation::{Organisation, PLATFORM, promises};

/// A generator of chances (SplitMix64).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of these.
    pub fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// At most so many of these, none twice, in any order.
    pub fn some<T: Clone>(&mut self, of: &[T], most: usize) -> Vec<T> {
        let mut left = of.to_vec();
        let count = self.below(most + 1).min(left.len());
        (0..count).map(|_| left.swap_remove(self.below(left.len()))).collect()
    }
}

/// What a random organisation has, by name.
#[derive(Default)]
pub struct Cast {
    pub groups: Vec<String>,
    /// Everybody, the owner first.
    pub people: Vec<String>,
    living: Vec<String>,
    courses: Vec<String>,
    paths: Vec<String>,
    sessions: Vec<String>,
}

fn texts(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// A few dozen people in about ten groups, with works, sessions, slots and everything else that a removal may meet.
/// No session waits to be captured: what capturing changes is shown elsewhere.
pub fn organisation(mut it: Organisation, chance: &mut Chance) -> (Organisation, Cast) {
    let mut cast = Cast { groups: vec![PLATFORM.to_owned()], ..Cast::default() };
    for number in 0..8 + chance.below(5) {
        let (name, parent) = (format!("group{number}"), chance.one(&cast.groups));
        let privacy = if chance.once_in(3) { Privacy::Private } else { Privacy::Public };
        it = it.group(&name, &parent, privacy);
        cast.groups.push(name);
    }
    it = people(it, chance, &mut cast);
    it = works(it, chance, &mut cast);
    it = sessions(it, chance, &mut cast);
    it = slots(it, chance, &cast);
    (history(it, chance, &cast), cast)
}

fn people(mut it: Organisation, chance: &mut Chance, cast: &mut Cast) -> Organisation {
    cast.people.push("owner".to_owned());
    cast.living.push("owner".to_owned());
    for number in 0..24 + chance.below(12) {
        let name = format!("person{number}");
        it = it.user(&name);
        for _ in 0..1 + chance.below(4) {
            let role = if chance.once_in(3) { chance.one(Role::ALL) } else { Role::Learner };
            it = it.member(&name, &chance.one(&cast.groups), &[role]);
        }
        let status = match chance.below(12) {
            0 => Status::Suspended,
            1 => Status::Deactivated,
            2 => Status::Deleted,
            _ => Status::Active,
        };
        if status != Status::Active {
            it = it.status(&name, status);
        }
        if status.is_living() {
            cast.living.push(name.clone());
        }
        cast.people.push(name);
    }
    it
}

/// Some of the living, but not the one who heads the work.
fn others(chance: &mut Chance, cast: &Cast, head: &str) -> Vec<String> {
    let mut others = chance.some(&cast.living, 3);
    others.retain(|other| other != head);
    others
}

fn works(mut it: Organisation, chance: &mut Chance, cast: &mut Cast) -> Organisation {
    for number in 0..8 {
        let (title, head) = (format!("course{number}"), chance.one(&cast.living));
        it = it.course(&title, &chance.one(&cast.groups), &head);
        it = it.course_co_authors(&title, &texts(&others(chance, cast, &head)));
        cast.courses.push(title);
    }
    for number in 0..5 {
        let (title, head) = (format!("path{number}"), chance.one(&cast.living));
        it = it.path(&title, &chance.one(&cast.groups), &head, &texts(&chance.some(&cast.courses, 3)));
        it = it.path_co_authors(&title, &texts(&others(chance, cast, &head)));
        cast.paths.push(title);
    }
    it
}

fn sessions(mut it: Organisation, chance: &mut Chance, cast: &mut Cast) -> Organisation {
    for number in 0..8 {
        let (title, head) = (format!("session{number}"), chance.one(&cast.living));
        let kind = chance.one(AudienceKind::ALL);
        it = it.session(&title, &chance.one(&cast.paths), &chance.one(&cast.groups), &head, kind);
        it = it.co_instructors(&title, &texts(&others(chance, cast, &head)));
        it = it.exclude(&title, &texts(&chance.some(&cast.living, 2)));
        it = it.audience(&title, &texts(&chance.some(&cast.groups, 3)));
        it = it.enrol(&title, &texts(&chance.some(&cast.living, 4)));
        it = match chance.below(4) {
            0 => it.ended_and_captured(&title),
            1 => it.lasting(&title, 5, 30),
            _ => it,
        };
        cast.sessions.push(title);
    }
    it
}

fn slots(mut it: Organisation, chance: &mut Chance, cast: &Cast) -> Organisation {
    for (number, session) in cast.sessions.iter().enumerate() {
        let id = it.session_id(session).expect("a session");
        let present: Vec<String> = promises::participants(&it.tables, id)
            .into_keys()
            .filter_map(|user| it.tables.users.iter().find(|row| row.id == user))
            .filter(|row| row.status.is_present())
            .map(|row| row.name_key.clone())
            .collect();
        for (when, in_hours) in [("past", -48), ("next", 24), ("later", 240)] {
            let name = format!("{when}{number}");
            it = it.slot(&name, session, in_hours, None);
            it = it.attend(&name, &texts(&chance.some(&present, 6)));
            it = it.train(&name, &texts(&chance.some(&cast.living, 2)));
        }
    }
    it
}

fn history(mut it: Organisation, chance: &mut Chance, cast: &Cast) -> Organisation {
    for number in 0..20 {
        let (person, course) = (chance.one(&cast.living), chance.one(&cast.courses));
        it = match number % 5 {
            0 => it.subscription(&person, &course),
            1 => it.certificate(&person, &course),
            2 => it.sale(&person, &course, 1_900),
            3 => it.post(&person, &chance.one(&cast.groups), "Hello"),
            _ => it.message(&person, &chance.one(&cast.groups), "Hello again"),
        };
    }
    for person in chance.some(&cast.living, 8) {
        it = it.progress(&person, &chance.one(&cast.courses), 50);
        it = it.enrol_in_course(&chance.one(&cast.courses), &[&person]);
        it = it.date(&person, chance.one(DateKind::ALL), 20);
    }
    it
}
