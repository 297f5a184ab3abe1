//! What a benchmark is told on its command line.

/// The words after the program's name.
pub struct Arguments(Vec<String>);

impl Arguments {
    /// Those that this process was started with.
    pub fn read() -> Arguments {
        Arguments(std::env::args().collect())
    }

    /// Whether this word is among them.
    #[allow(dead_code, reason = "not every benchmark has such a word")]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|argument| argument == name)
    }

    /// The word after this one.
    pub fn value(&self, name: &str) -> Option<&str> {
        let at = self.0.iter().position(|argument| argument == name)?;
        self.0.get(at + 1).map(String::as_str)
    }

    /// The number after this word, else `default`.
    pub fn number(&self, name: &str, default: usize) -> usize {
        self.value(name).map_or(default, |number| number.parse().expect("a number"))
    }
}
