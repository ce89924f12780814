//! Reading one value out of a text that is too large to be held as values.

use granit_parser::{Event, Parser, options};

use super::build::{Builder, Progress, error};
use super::decode::decode;
use super::{Budget, Node, Position, SyntaxError};

/// Reads what stands below a path of keys, as [`read`](super::read) would, without keeping anything
/// else of the text: memory is bounded by that value, time by `max_bytes`. `None`: there is no such
/// key. Refused: several documents; one of the keys twice; merges (`<<`) beside one of the keys; an
/// alias to something outside the value.
pub fn read_at(bytes: &[u8], path: &[&str], budget: &Budget) -> Result<Option<Node>, SyntaxError> {
    let start = Position {
        line: 1,
        column: 1,
        offset: 0,
    };
    if bytes.len() > budget.max_bytes {
        return Err(error(
            start,
            format!("the text has more than {} bytes", budget.max_bytes),
        ));
    }
    let (text, _) = decode(bytes)?;
    let is_json = text.trim_start().starts_with('{');
    let options = options! {
        disallow_directives: true,
        flow_nesting_limit: budget.max_depth,
        block_nesting_limit: budget.max_depth,
        simple_key_max_lookahead: if is_json { budget.max_bytes } else { 1024 },
    };
    let mut parser = Parser::new_from_str_with_options(&text, options);
    let mut picker = Picker {
        text: &text,
        budget,
        path,
        start,
        matched: 0,
        at: At::Root,
        found: None,
        seen: vec![false; path.len()],
    };
    let mut ended = false;
    while let Some(next) = parser.next_event() {
        let place = Builder::new(&text, budget, start, 0);
        let (event, span) = next.map_err(|refused| {
            let position = place.position(*refused.marker());
            error(position, refused.info())
        })?;
        match event {
            Event::DocumentStart(..) if ended => {
                let message = "the text has more than one document".to_owned();
                return Err(error(place.position(span.start), message));
            }
            Event::DocumentEnd => ended = true,
            Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(..)
            | Event::Comment(..) => {}
            event => picker.take(event, &span)?,
        }
    }
    Ok(picker.found)
}

/// Where the picker stands.
enum At<'a> {
    /// Before the first value.
    Root,
    /// In the map below the matched keys, before a key.
    Key,
    /// Before the value of the next key of the path.
    Value,
    /// Before or in a value that nobody wants, this many collections deep.
    Skip(usize),
    /// In the wanted value, this many collections deep.
    Keep(Box<Builder<'a>>, usize),
}

struct Picker<'a> {
    text: &'a str,
    budget: &'a Budget,
    path: &'a [&'a str],
    start: Position,
    /// Keys of the path whose maps are open.
    matched: usize,
    at: At<'a>,
    found: Option<Node>,
    /// Keys of the path that were met.
    seen: Vec<bool>,
}

impl<'a> Picker<'a> {
    fn take(&mut self, event: Event<'_>, span: &granit_parser::Span) -> Result<(), SyntaxError> {
        let deeper = match &event {
            Event::SequenceStart(..) | Event::MappingStart(..) => 1,
            Event::SequenceEnd | Event::MappingEnd => -1,
            _ => 0_isize,
        };
        match std::mem::replace(&mut self.at, At::Key) {
            At::Key => self.take_key(&event, span),
            At::Value if self.matched == self.path.len() => {
                self.matched -= 1;
                let builder = Builder::new(self.text, self.budget, self.start, 0);
                self.keep(Box::new(builder), 0, deeper, event, span)
            }
            At::Root | At::Value => self.enter(&event, span),
            At::Skip(depth) => {
                let depth = depth.saturating_add_signed(deeper);
                if depth > 0 {
                    self.at = At::Skip(depth);
                }
                Ok(())
            }
            At::Keep(builder, depth) => self.keep(builder, depth, deeper, event, span),
        }
    }

    /// The value of a key of the path: a map to go on in, or nothing that holds the next key.
    fn enter(&mut self, event: &Event<'_>, span: &granit_parser::Span) -> Result<(), SyntaxError> {
        match event {
            Event::MappingStart(..) => Ok(()),
            Event::Scalar(..) if self.matched > 0 => {
                self.matched -= 1;
                Ok(())
            }
            _ => Err(self.refuse(span, "a map should stand here")),
        }
    }

    fn take_key(
        &mut self,
        event: &Event<'_>,
        span: &granit_parser::Span,
    ) -> Result<(), SyntaxError> {
        match event {
            Event::MappingEnd => {
                self.matched = self.matched.saturating_sub(1);
                Ok(())
            }
            Event::Scalar(key, ..) if Some(&key.as_ref()) == self.path.get(self.matched) => {
                if let Some(seen) = self.seen.get_mut(self.matched)
                    && std::mem::replace(seen, true)
                {
                    return Err(self.refuse(span, "this key stands here twice"));
                }
                self.matched += 1;
                self.at = At::Value;
                Ok(())
            }
            Event::Scalar(key, ..) if key.as_ref() != "<<" => {
                self.at = At::Skip(0);
                Ok(())
            }
            _ => Err(self.refuse(span, "only plain keys are read here")),
        }
    }

    fn keep(
        &mut self,
        mut builder: Box<Builder<'a>>,
        depth: usize,
        deeper: isize,
        event: Event<'_>,
        span: &granit_parser::Span,
    ) -> Result<(), SyntaxError> {
        if builder.take(event, span)? == Progress::DocumentEnded {
            return Ok(());
        }
        let depth = depth.saturating_add_signed(deeper);
        if depth > 0 {
            self.at = At::Keep(builder, depth);
        } else {
            self.found = builder.finish(0).map(|document| document.root);
        }
        Ok(())
    }

    fn refuse(&self, span: &granit_parser::Span, message: &str) -> SyntaxError {
        let place = Builder::new(self.text, self.budget, self.start, 0).position(span.start);
        error(place, message.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(text: &str) -> Result<Option<serde_json::Value>, String> {
        read_at(text.as_bytes(), &["entries", "web"], &Budget::file())
            .map(|found| found.map(|node| node.to_json()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn one_value_is_read_and_everything_around_it_is_passed() {
        let block = "apiVersion: v1\nentries:\n  db:\n  - name: db\n    web: [{a: 1}]\n  web:\n  - version: 1.0.0\n    urls:\n    - a.tgz\n  worker: []\ngenerated: x\nweb: y\n";
        let wanted = serde_json::json!([{ "version": "1.0.0", "urls": ["a.tgz"] }]);
        assert_eq!(pick(block).unwrap(), Some(wanted.clone()));
        let json =
            serde_json::json!({ "web": 1, "entries": { "db": [{ "web": 2 }], "web": wanted } });
        assert_eq!(pick(&json.to_string()).unwrap(), Some(wanted));
        for none in [
            "entries:\n  db: []\n",
            "entries:\n",
            "entries: {}\n",
            "web: []\n",
            "other:\n  web: 1\nentries: {db: {web: 1}}\n",
        ] {
            assert_eq!(pick(none), Ok(None), "{none}");
        }
    }

    #[test]
    fn a_value_inside_quoted_or_folded_text_is_not_read() {
        let hidden = "entries:\n  db:\n  - description: |\n      text\n        web: [1]\n    more: \"a\n\n      web: [2]\n      b\"\n  web: [3]\n";
        assert_eq!(pick(hidden).unwrap(), Some(serde_json::json!([3])));
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for text in [
            "entries:\n  web: [1]\n  web: [2]\n",
            "entries: {web: [1]}\nentries: {web: [2]}\n",
            "entries:\n  <<: {web: [1]}\n",
            "entries: &all\n  web: [1]\n---\nentries: {}\n",
            "entries:\n  db: &db [1]\n  web: *db\n",
            "- entries\n",
            "entries: [",
        ] {
            assert!(pick(text).is_err(), "{text}: {:?}", pick(text));
        }
    }
}
