//! The words that the crowd's names are put together from. All of it is invented.

use super::random::Random;
use crate::keys::fold;

const FIRST: [&str; 96] = [
    "Aaron", "Abeni", "Ada", "Aiko", "Alba", "Amara", "Amir", "Anouk", "Arjun", "Astrid", "Ayla", "Bela",
    "Bianca", "Bruno", "Carmen", "Cato", "Chidi", "Clara", "Dario", "Delia", "Dmitri", "Edda", "Elias",
    "Elif", "Emre", "Esme", "Ewa", "Farah", "Fatou", "Felipe", "Fiona", "Franka", "Gael", "Gia", "Hana",
    "Hassan", "Helmi", "Hugo", "Imani", "Ines", "Ivo", "Jada", "Jarek", "Joana", "Jonah", "Julia", "Kaito",
    "Kamal", "Katya", "Kofi", "Lara", "Leif", "Leila", "Liam", "Livia", "Luca", "Magda", "Malik", "Mara",
    "Marek", "Mei", "Mila", "Milo", "Mina", "Nadia", "Naoki", "Nell", "Noor", "Nora", "Oskar", "Otto",
    "Paloma", "Pavel", "Pia", "Quinn", "Rafael", "Rania", "Remy", "Rosa", "Rune", "Sami", "Sara", "Selma",
    "Soren", "Tariq", "Tess", "Theo", "Tomas", "Uma", "Vera", "Wanda", "Yara", "Yusuf", "Zara", "Zeno",
    "Zoe",
];

const LAST: [&str; 120] = [
    "Abbott",
    "Acheampong",
    "Adler",
    "Aguilar",
    "Ahlberg",
    "Alvarez",
    "Amsel",
    "Antal",
    "Arslan",
    "Ashby",
    "Bakker",
    "Banerjee",
    "Barros",
    "Becker",
    "Bello",
    "Bianchi",
    "Blom",
    "Boateng",
    "Brandao",
    "Caruso",
    "Castillo",
    "Chandra",
    "Chen",
    "Cisse",
    "Costa",
    "Crane",
    "Cruz",
    "Dalgaard",
    "Danso",
    "Delacroix",
    "Demir",
    "Diallo",
    "Dubois",
    "Duarte",
    "Eklund",
    "Eriksen",
    "Esposito",
    "Faber",
    "Farouk",
    "Ferrari",
    "Fischer",
    "Fonseca",
    "Fontaine",
    "Gallo",
    "Garcia",
    "Ghosh",
    "Greco",
    "Grimaldi",
    "Haddad",
    "Hansen",
    "Hayashi",
    "Herrera",
    "Hidalgo",
    "Hoffmann",
    "Horvat",
    "Ibrahim",
    "Ito",
    "Ivanova",
    "Jansen",
    "Jovanovic",
    "Kaplan",
    "Karlsson",
    "Kaya",
    "Keller",
    "Khan",
    "Kimura",
    "Klein",
    "Kovacs",
    "Kruger",
    "Kumar",
    "Lambert",
    "Larsen",
    "Lee",
    "Lehtinen",
    "Lopez",
    "Lund",
    "Maier",
    "Mancini",
    "Marin",
    "Mbeki",
    "Mendes",
    "Mensah",
    "Meyer",
    "Moreau",
    "Mori",
    "Muller",
    "Nakamura",
    "Ndiaye",
    "Nguyen",
    "Novak",
    "Nowak",
    "Okonkwo",
    "Oliveira",
    "Osei",
    "Park",
    "Patel",
    "Pereira",
    "Petrov",
    "Popescu",
    "Quist",
    "Rahman",
    "Ramos",
    "Ricci",
    "Rossi",
    "Roux",
    "Saito",
    "Santos",
    "Sato",
    "Schmidt",
    "Silva",
    "Singh",
    "Soto",
    "Suzuki",
    "Takahashi",
    "Torres",
    "Vargas",
    "Wagner",
    "Weber",
    "Yilmaz",
    "Zhang",
];

const TRADES: [&str; 24] = [
    "Accounts",
    "Bakery",
    "Brewing",
    "Cargo",
    "Catering",
    "Ceramics",
    "Claims",
    "Dispatch",
    "Drafting",
    "Fleet",
    "Forestry",
    "Foundry",
    "Freight",
    "Gardens",
    "Glassworks",
    "Housekeeping",
    "Laundry",
    "Logistics",
    "Masonry",
    "Nursing",
    "Optics",
    "Printing",
    "Rigging",
    "Weaving",
];

const PLACES: [&str; 40] = [
    "Amber Bay",
    "Ashford",
    "Birch Hill",
    "Blackwater",
    "Bridgeport",
    "Cedar Falls",
    "Clearwater",
    "Copper Creek",
    "Crane Island",
    "Dunmore",
    "Eastgate",
    "Elm Park",
    "Fairhaven",
    "Foxglove",
    "Granite Pass",
    "Greenfield",
    "Hartwell",
    "Hazelwood",
    "Highmoor",
    "Hollybrook",
    "Ironbridge",
    "Juniper Point",
    "Kingsmead",
    "Lakeside",
    "Larkfield",
    "Longmeadow",
    "Maple Ridge",
    "Millbrook",
    "Northgate",
    "Oakdale",
    "Pinecrest",
    "Quarry Bank",
    "Ravenhill",
    "Redcliff",
    "Rosewood",
    "Silver Lake",
    "Stonebridge",
    "Thornbury",
    "Westhaven",
    "Willow Bend",
];

const SUBJECTS: [&str; 40] = [
    "Bookkeeping",
    "Budgets",
    "Chemistry of cleaning",
    "Coaching",
    "Conflict",
    "Contracts",
    "Customs",
    "Data protection",
    "Difficult talks",
    "Drawing",
    "Driving",
    "Energy",
    "Ergonomics",
    "Fire safety",
    "First aid",
    "Food hygiene",
    "Forklifts",
    "Giving feedback",
    "Hand tools",
    "Heights",
    "Interviewing",
    "Knots",
    "Leading a shift",
    "Machine care",
    "Measuring",
    "Negotiation",
    "Noise",
    "Packing",
    "Photography",
    "Planning",
    "Presenting",
    "Project work",
    "Purchasing",
    "Quality",
    "Spreadsheets",
    "Statistics",
    "Storage",
    "Welding",
    "Working at night",
    "Writing",
];

const JOBS: [&str; 20] = [
    "Analyst",
    "Apprentice",
    "Assistant",
    "Baker",
    "Buyer",
    "Clerk",
    "Cook",
    "Driver",
    "Electrician",
    "Engineer",
    "Foreman",
    "Gardener",
    "Librarian",
    "Mechanic",
    "Nurse",
    "Operator",
    "Planner",
    "Porter",
    "Technician",
    "Welder",
];

const LANGUAGES: [&str; 8] = ["de", "en", "es", "fr", "it", "ja", "pt", "tr"];

/// Draws names: people's in an order of its own, so that names repeat as late as can be.
#[derive(Clone, Debug)]
pub struct Names {
    first: Vec<&'static str>,
    last: Vec<&'static str>,
}

/// Somebody's first name, last name and email.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The first name.
    pub first: String,
    /// The last name, with a number once all names were given.
    pub last: String,
    /// Nobody else of the crowd has it.
    pub email: String,
}

impl Names {
    /// Names in the order of this seed.
    pub fn new(random: &mut Random) -> Names {
        let (mut first, mut last) = (FIRST.to_vec(), LAST.to_vec());
        random.shuffle(&mut first);
        random.shuffle(&mut last);
        Names { first, last }
    }

    /// The person of this number, counted from 0.
    pub fn person(&self, number: usize) -> Person {
        // Each round lets everybody meet the next last name, until every pair was named.
        let round = number / self.first.len();
        let first = self.first[number % self.first.len()];
        let last = self.last[(number % self.first.len() + round) % self.last.len()];
        let again = number / (self.first.len() * self.last.len());
        let email = fold(&format!("{first}.{last}"));
        if again == 0 {
            Person { first: first.to_owned(), last: last.to_owned(), email: format!("{email}@example.com") }
        } else {
            let email = format!("{email}.{again}@example.com");
            Person { first: first.to_owned(), last: format!("{last} {}", again + 1), email }
        }
    }
}

/// The name of the group of this number.
pub fn group(number: usize) -> String {
    numbered(number, &TRADES, &PLACES, |trade, place| format!("{trade}, {place}"))
}

/// The title of the course of this number.
pub fn course(number: usize) -> String {
    numbered(number, &SUBJECTS, &TRADES, |subject, trade| format!("{subject} for {}", trade.to_lowercase()))
}

/// The title of the path of this number.
pub fn path(number: usize) -> String {
    numbered(number, &JOBS, &PLACES, |job, place| format!("Becoming {} in {place}", article(job)))
}

/// The title of the session of this number, of the path of that title.
pub fn session(number: usize, path: &str) -> String {
    format!("{path}, class {}", number + 1)
}

/// A place for a slot.
pub fn place(random: &mut Random) -> String {
    format!("{}, room {}", random.one_of(&PLACES), random.below(30) + 1)
}

/// A job.
pub fn job(random: &mut Random) -> &'static str {
    random.one_of(&JOBS)
}

/// A language.
pub fn language(random: &mut Random) -> &'static str {
    random.one_of(&LANGUAGES)
}

/// A name of two words, with a number once all pairs were given.
fn numbered(number: usize, one: &[&str], other: &[&str], join: impl Fn(&str, &str) -> String) -> String {
    let round = number / one.len();
    let name = join(one[number % one.len()], other[(number % one.len() + round) % other.len()]);
    match number / (one.len() * other.len()) {
        0 => name,
        again => format!("{name} {}", again + 1),
    }
}

fn article(noun: &str) -> String {
    let noun = noun.to_lowercase();
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { format!("an {noun}") } else { format!("a {noun}") }
}
