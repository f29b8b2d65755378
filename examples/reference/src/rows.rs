//! The rows of the examples. Each holds what its examples use: other columns of an answer are left out.

use serde::{Deserialize, Serialize};

/// A planet.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Planet {
    /// The primary key.
    pub id: i64,
    /// The name.
    pub name: String,
}

/// A planet that nobody has named.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct NamelessPlanet {
    /// The primary key.
    pub id: i64,
}

/// A row of any table, of which only the name is asked for.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Named {
    /// The name.
    pub name: String,
}

/// An instrument.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Instrument {
    /// The primary key.
    pub id: i64,
    /// The name.
    pub name: String,
    /// The section of the orchestra, unless it has none.
    pub section_id: Option<i64>,
}

/// An instrument, and the key of its section.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct InstrumentPlace {
    /// The name.
    pub name: String,
    /// The section of the orchestra, unless it has none.
    pub section_id: Option<i64>,
}

/// An instrument within a section, which is embedded under its table's name.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct OrchestralInstrument {
    /// The name.
    pub name: String,
    /// The section of the orchestra.
    pub orchestral_sections: Named,
}

/// An instrument and its section, which is embedded under an alias.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct InstrumentWithSection {
    /// The name.
    pub name: String,
    /// The section of the orchestra, unless it has none.
    pub section: Option<Named>,
}

/// A section of an orchestra, and its instruments.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// The name.
    pub name: String,
    /// Its instruments, or those that a filter leaves.
    pub instruments: Vec<Named>,
}

/// A section of an orchestra, and how many instruments it has.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct CountedSection {
    /// The primary key.
    pub id: i64,
    /// The name.
    pub name: String,
    /// One element, with the number.
    pub instruments: Vec<Total>,
}

/// How many rows of a referenced table there are.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Total {
    /// The number.
    pub count: u64,
}

/// A user.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// The primary key.
    pub id: i64,
    /// The name, if given.
    pub name: Option<String>,
    /// The address, if given.
    pub address: Option<Address>,
    /// What the user is mentioned by; no two users have the same.
    pub handle: String,
    /// What others see, if it is not the name.
    pub display_name: Option<String>,
}

/// An address, as it stands in a `jsonb` column: any part may be missing.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Address {
    /// Street and number.
    pub street: Option<String>,
    /// The postal code.
    pub postcode: Option<u32>,
    /// The city.
    pub city: Option<String>,
}

/// A user, and the city out of the address.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct UserCity {
    /// The primary key.
    pub id: i64,
    /// The name.
    pub name: String,
    /// The city, if the address has one.
    pub city: Option<String>,
}

/// A user, and the teams that a join table connects with.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct UserTeams {
    /// The name.
    pub name: String,
    /// The teams.
    pub teams: Vec<Named>,
}

/// A message between two users.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The text.
    pub content: String,
    /// Who sent it.
    pub from: Named,
    /// Who got it.
    pub to: Named,
}

/// A row of the table in a schema of its own.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct MyRow {
    /// The primary key.
    pub id: i64,
    /// The text.
    pub data: String,
}

/// A character of a story.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Character {
    /// The primary key.
    pub id: i64,
    /// The name.
    pub name: String,
}

/// A country.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Country {
    /// The primary key.
    pub id: i64,
    /// The name.
    pub name: String,
}

/// An issue, with its tags in an array column.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Issue {
    /// The primary key.
    pub id: i64,
    /// The title.
    pub title: String,
    /// The tags, such as `is:open`.
    pub tags: Vec<String>,
}

/// An issue, of which only the title is asked for.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct IssueTitle {
    /// The title.
    pub title: String,
}

/// A reservation of a room.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Reservation {
    /// The primary key.
    pub id: i64,
    /// The name of the room.
    pub room_name: String,
    /// From when to when, as PostgreSQL writes a range.
    pub during: String,
}

/// A text to search in.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// The text.
    pub content: String,
}

/// A quote to search in.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Quote {
    /// The words.
    pub catchphrase: String,
}

/// What the function `hello-world` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Greeting {
    /// The greeting.
    pub message: String,
}
