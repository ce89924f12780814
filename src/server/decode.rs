//! From the bytes of a delivery to an `Event`, permissively: what is not needed is skipped without
//! being stored, what has an unexpected type counts as absent, and an unknown event asks for
//! nothing. Payloads change, and an old capture must not become a lost event.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::event::{Event, Origin};
use crate::ids::{CommitSha, PrNumber, RepositoryId};

/// Deeper than any payload of GitHub, shallow enough for every parser that may follow.
const DEPTH_LIMIT: usize = 64;

/// Why a body is not a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAPayload {
    /// Not UTF-8.
    Encoding,
    /// Not one JSON object.
    Json,
    /// Nested deeper than `DEPTH_LIMIT`.
    Depth,
}

/// The only places of a payload that are read.
const WANTED: [&str; 11] = [
    "/action",
    "/ref",
    "/deleted",
    "/number",
    "/pull_request/number",
    "/issue/number",
    "/check_run/head_sha",
    "/check_suite/head_sha",
    "/repository/id",
    "/repository/full_name",
    "/installation/id",
];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Scalar {
    Text(String),
    Number(u64),
}

/// What was found, by place.
#[derive(Debug, Default)]
struct Picked(BTreeMap<String, Scalar>);

impl Picked {
    fn text(&self, place: &str) -> Option<&str> {
        match self.0.get(place) {
            Some(Scalar::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn number(&self, place: &str) -> Option<u64> {
        match self.0.get(place) {
            Some(Scalar::Number(number)) => Some(*number),
            _ => None,
        }
    }
}

/// Reads the event that `name` and `body` describe, and the repository they name.
pub(crate) fn parse_event(name: &str, body: &[u8]) -> Result<(Event, Option<Origin>), NotAPayload> {
    let text = std::str::from_utf8(body).map_err(|_| NotAPayload::Encoding)?;
    if nesting(text) > DEPTH_LIMIT {
        return Err(NotAPayload::Depth);
    }
    let mut picked = Picked::default();
    let mut reader = serde_json::Deserializer::from_str(text);
    Pick {
        place: String::new(),
        into: &mut picked,
    }
    .deserialize(&mut reader)
    .and_then(|()| reader.end())
    .map_err(|_| NotAPayload::Json)?;
    if !text.trim_start().starts_with('{') {
        return Err(NotAPayload::Json);
    }
    let origin = origin(&picked);
    Ok((event(name, &picked).unwrap_or(Event::Nothing), origin))
}

fn origin(picked: &Picked) -> Option<Origin> {
    Some(Origin {
        repository: RepositoryId(picked.number("/repository/id")?),
        name: picked.text("/repository/full_name")?.parse().ok()?,
        installation: picked.number("/installation/id")?,
    })
}

/// `None`: the event asks for nothing, or lacks what it needs.
fn event(name: &str, picked: &Picked) -> Option<Event> {
    let action = picked.text("/action").unwrap_or_default();
    let repository = || picked.number("/repository/id").map(RepositoryId);
    let pr = |place: &str| picked.number(place).map(PrNumber);
    let head = |place: &str| picked.text(place)?.parse::<CommitSha>().ok();
    match name {
        "pull_request" => {
            let (repository, pr) = (
                repository()?,
                pr("/pull_request/number").or_else(|| pr("/number"))?,
            );
            match action {
                "opened" | "reopened" | "synchronize" | "edited" | "ready_for_review"
                | "converted_to_draft" | "labeled" | "unlabeled" => {
                    Some(Event::PullRequestChanged { repository, pr })
                }
                "closed" => Some(Event::PullRequestClosed { repository, pr }),
                _ => None,
            }
        }
        "push" => Some(Event::BranchMoved {
            repository: repository()?,
            branch: picked.text("/ref")?.strip_prefix("refs/heads/")?.to_owned(),
        }),
        "check_run" if action == "rerequested" => Some(Event::CheckRequested {
            repository: repository()?,
            head: head("/check_run/head_sha")?,
        }),
        "check_suite" if action == "rerequested" => Some(Event::CheckRequested {
            repository: repository()?,
            head: head("/check_suite/head_sha")?,
        }),
        "installation" | "installation_repositories" => Some(Event::InstallationChanged {
            installation: picked.number("/installation/id")?,
        }),
        "repository" => Some(Event::RepositoryChanged {
            repository: repository()?,
        }),
        _ => None,
    }
}

/// How deep brackets nest outside strings; unbalanced text is refused by the parser afterwards.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest, mut inside, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in text.bytes() {
        if inside {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => inside = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => inside = true,
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Walks the payload along the wanted places and skips everything else.
struct Pick<'a> {
    place: String,
    into: &'a mut Picked,
}

impl Pick<'_> {
    fn keep(self, scalar: Scalar) {
        if WANTED.contains(&self.place.as_str()) {
            self.into.0.insert(self.place, scalar);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Pick<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Pick<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            let place = format!("{}/{key}", self.place);
            let leads_on = WANTED.iter().any(|wanted| {
                wanted
                    .strip_prefix(place.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            if leads_on {
                map.next_value_seed(Pick {
                    place,
                    into: &mut *self.into,
                })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.keep(Scalar::Text(text.to_owned()));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.keep(Scalar::Number(number));
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
