//! The words of a text as terms of the index. tantivy asks for them in its own thread, when it takes an artifact in.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::text::{self, Word};

/// What the schema calls it.
pub(super) const NAME: &str = "words";

/// Between what every term begins with and the text: no scope and no key of metadata has it.
const SEPARATOR: char = '\0';

/// A text, with what every term that is made of it begins with.
pub(super) fn prefixed(prefix: &str, text: &str) -> String {
    let mut prefixed = String::with_capacity(prefix.len() + SEPARATOR.len_utf8() + text.len());
    prefixed.push_str(prefix);
    prefixed.push(SEPARATOR);
    prefixed.push_str(text);
    prefixed
}

/// Makes terms of a text that is [`prefixed`].
#[derive(Clone, Default)]
pub(super) struct Words {
    token: Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = Terms<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Terms<'a> {
        let (prefix, text) = text.split_once(SEPARATOR).unwrap_or_default();
        self.token.reset();
        Terms { prefix, words: text::words(text).into_iter(), more: [None, None], token: &mut self.token }
    }
}

/// Every word, and in the same place its stem and its other form.
pub(super) struct Terms<'a> {
    prefix: &'a str,
    words: std::vec::IntoIter<Word>,
    /// What is left of the word that came last.
    more: [Option<String>; 2],
    token: &'a mut Token,
}

impl TokenStream for Terms<'_> {
    fn advance(&mut self) -> bool {
        let text = match self.more.iter_mut().find_map(Option::take) {
            Some(stem) => stem,
            None => {
                let Some(word) = self.words.next() else { return false };
                self.token.position = word.position;
                self.token.offset_from = word.bytes.start;
                self.token.offset_to = word.bytes.end;
                self.more = [word.stem, word.other];
                word.folded
            }
        };
        self.token.text.clear();
        self.token.text.push_str(self.prefix);
        self.token.text.push_str(&text);
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_begins_with_the_prefix_and_stems_stand_in_the_place_of_their_words() {
        let mut words = Words::default();
        let mut terms = Vec::new();
        words.token_stream(&prefixed("p+", "Two services")).process(&mut |token| {
            terms.push((token.text.clone(), token.position));
        });
        let expected = [("p+two", 0), ("p+services", 1), ("p+servic", 1)];
        assert_eq!(terms, expected.map(|(text, position)| (text.to_owned(), position)));
        let mut terms = Vec::new();
        words
            .token_stream(&prefixed("p+", "C++"))
            .process(&mut |token| terms.push((token.text.clone(), token.position)));
        assert_eq!(terms, [("p+c".to_owned(), 0), ("p+c++".to_owned(), 0)]);
        assert!(!words.token_stream("there is no prefix").advance());
    }
}
