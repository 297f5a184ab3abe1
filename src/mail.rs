//! Letters to people. They are put into a folder, one file each, as RFC 5322 writes them; the operator's own mail
//! server takes them from there (`sendmail -t < file`). A server of ours would have to speak TLS, queue and try again,
//! which every machine that sends mail has a program for already.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

/// A letter.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// The address of whom it is for, which has passed [`crate::keys::email_key`].
    pub to: String,
    /// What it is about, in ASCII.
    pub subject: &'static str,
    /// What it says.
    pub text: String,
    /// When it was written.
    pub date: DateTime<Utc>,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Letter({})", self.subject)
    }
}

/// Where letters go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailer(Option<PathBuf>);

impl Mailer {
    /// Letters go into this folder.
    pub fn folder(folder: PathBuf) -> Mailer {
        Mailer(Some(folder))
    }

    /// Whether letters go anywhere.
    pub const fn sends(&self) -> bool {
        self.0.is_some()
    }

    /// Sends a letter, in a task that nobody waits for: how long it takes tells nothing of who gets one. A letter that
    /// cannot be written is told in the log, without a word of what it says or to whom.
    pub fn send(&self, letter: Letter) {
        let Some(folder) = self.0.clone() else { return };
        tokio::task::spawn_blocking(move || {
            if let Err(error) = put(&folder, &letter) {
                tracing::error!(kind = ?error.kind(), "a letter was not written");
            }
        });
    }
}

/// Writes the file beside its place and moves it there: whoever takes letters never finds half of one.
fn put(folder: &std::path::Path, letter: &Letter) -> std::io::Result<()> {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).map_err(std::io::Error::other)?;
    let name = random.iter().fold(String::new(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    });
    let (place, beside) = (folder.join(format!("{name}.eml")), folder.join(format!(".{name}")));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let Letter { to, subject, text, date } = letter;
    write!(
        file,
        "To: {to}\r\nSubject: {subject}\r\nDate: {}\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nAuto-Submitted: auto-generated\r\n\r\n{}\r\n",
        date.to_rfc2822(),
        text.replace('\n', "\r\n")
    )?;
    file.sync_all()?;
    std::fs::rename(beside, place)
}
