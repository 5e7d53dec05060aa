//! Numbers in sentences.

use std::fmt::Display;

/// `1 cluster`, `2 clusters`: the one place that knows when a word gets its `s`.
pub fn count<N: Display + PartialEq + From<u8>>(number: N, what: &str) -> String {
    let s = if number == N::from(1) { "" } else { "s" };
    format!("{number} {what}{s}")
}

/// `a`, `a and b`, `a, b and c`.
pub fn list<T: AsRef<str>>(words: &[T]) -> String {
    match words {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [most @ .., last] => {
            let most: Vec<_> = most.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", most.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        assert_eq!(count(0_usize, "cluster"), "0 clusters");
        assert_eq!(count(1_usize, "cluster"), "1 cluster");
        assert_eq!(count(3412_i64, "object"), "3412 objects");
    }

    #[test]
    fn lists_read_as_they_are_said() {
        assert_eq!(list::<&str>(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }
}
