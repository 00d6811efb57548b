//! `traceparent` and `tracestate`, read to the letter (W3C Trace Context, level 2).
//!
//! What arrives may be hostile: a header that is not what the specification says counts as absent, and a `tracestate`
//! is kept within the 32 members and 512 bytes that the specification asks everyone to carry.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use poem::http::{HeaderMap, HeaderName, HeaderValue};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Members of a `tracestate` at most; one with more is discarded.
const MAX_MEMBERS: usize = 32;
/// Bytes of a `tracestate` that are carried at most.
const MAX_BYTES: usize = 512;
/// Bytes of a member that is removed only when the short ones alone are too many.
const MAX_SHORT_MEMBER: usize = 128;

/// The context of the caller's span.
pub(super) fn extract(headers: &HeaderMap) -> Option<SpanContext> {
    let mut parents = headers.get_all(TRACEPARENT).iter();
    let (parent, another) = (parents.next()?, parents.next());
    if another.is_some() {
        return None;
    }
    let (trace, span, flags) = parse_parent(parent.as_bytes())?;
    Some(SpanContext::new(trace, span, flags, true, extract_state(headers)))
}

/// Writes the context of a span into the headers of a request to another service.
pub(super) fn inject(span: &SpanContext, headers: &mut HeaderMap) {
    let flags = span.trace_flags() & TraceFlags::SAMPLED;
    let parent = format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), flags);
    if let Ok(parent) = HeaderValue::try_from(parent) {
        headers.insert(TRACEPARENT, parent);
    }
    let state = span.trace_state().header();
    if let Ok(state) = HeaderValue::try_from(state)
        && !state.is_empty()
    {
        headers.insert(TRACESTATE, state);
    }
}

/// `{version}-{trace}-{span}-{flags}` in lower-case hexadecimal digits. A later version may have more fields after these.
fn parse_parent(text: &[u8]) -> Option<(TraceId, SpanId, TraceFlags)> {
    let (known, rest) = text.split_at_checked(55)?;
    if [known[2], known[35], known[52]] != *b"---" {
        return None;
    }
    let [version] = hex(&known[..2])?;
    let is_complete = match version {
        0 => rest.is_empty(),
        0xff => false,
        _ => rest.first().is_none_or(|byte| *byte == b'-'),
    };
    let trace = TraceId::from_bytes(hex(&known[3..35])?);
    let span = SpanId::from_bytes(hex(&known[36..52])?);
    let [flags] = hex(&known[53..])?;
    let is_valid = is_complete && trace != TraceId::INVALID && span != SpanId::INVALID;
    is_valid.then_some((trace, span, TraceFlags::new(flags) & TraceFlags::SAMPLED))
}

/// Bytes written as two lower-case hexadecimal digits each.
pub(super) fn hex<const BYTES: usize>(digits: &[u8]) -> Option<[u8; BYTES]> {
    if digits.len() != 2 * BYTES {
        return None;
    }
    let mut bytes = [0; BYTES];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
    }
    Some(bytes)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

/// The members of all `tracestate` headers, in their order; none at all if one of them is malformed.
fn extract_state(headers: &HeaderMap) -> TraceState {
    let mut members = Vec::new();
    for line in headers.get_all(TRACESTATE) {
        let Ok(line) = line.to_str() else { return TraceState::NONE };
        for member in line.split(',').map(|member| member.trim_matches([' ', '\t'])) {
            match parse_member(member) {
                _ if member.is_empty() => {}
                Some(member) if members.len() < MAX_MEMBERS && !has_key(&members, member.0) => members.push(member),
                Some(_) | None => return TraceState::NONE,
            }
        }
    }
    TraceState::from_key_value(within_limit(members)).unwrap_or(TraceState::NONE)
}

fn has_key(members: &[(&str, &str)], key: &str) -> bool {
    members.iter().any(|(known, _)| *known == key)
}

/// `key=value`, by the grammar of the specification.
fn parse_member(member: &str) -> Option<(&str, &str)> {
    let (key, value) = member.split_once('=')?;
    (is_key(key) && is_value(value)).then_some((key, value))
}

fn is_key(key: &str) -> bool {
    let starts_well = |part: &str| part.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit());
    let is_part = |part: &str| {
        starts_well(part) && part.bytes().all(|it| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/'))
    };
    match key.split_once('@') {
        None => key.len() <= 256 && is_part(key),
        Some((tenant, system)) => tenant.len() <= 241 && system.len() <= 14 && is_part(tenant) && is_part(system),
    }
}

fn is_value(value: &str) -> bool {
    let fits = (1..=256).contains(&value.len()) && !value.ends_with(' ');
    fits && value.bytes().all(|it| matches!(it, b' '..=b'~') && it != b',' && it != b'=')
}

/// What is left of too long a list: members over 128 bytes go first, then those at its end.
fn within_limit<'a>(mut members: Vec<(&'a str, &'a str)>) -> Vec<(&'a str, &'a str)> {
    let length = |(key, value): &(&str, &str)| key.len() + 1 + value.len();
    let total = |members: &[(&str, &str)]| members.iter().map(|member| length(member) + 1).sum::<usize>();
    // One comma fewer than members.
    let is_too_long = |members: &[(&str, &str)]| total(members) > MAX_BYTES + 1;
    while is_too_long(&members) {
        match members.iter().rposition(|member| length(member) > MAX_SHORT_MEMBER) {
            Some(long) => drop(members.remove(long)),
            None => drop(members.pop()),
        }
    }
    members
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn headers(parents: &[&str], states: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for parent in parents {
            headers.append(TRACEPARENT, HeaderValue::from_bytes(parent.as_bytes()).unwrap());
        }
        for state in states {
            headers.append(TRACESTATE, HeaderValue::from_bytes(state.as_bytes()).unwrap());
        }
        headers
    }

    fn state(lines: &[&str]) -> String {
        extract(&headers(&[PARENT], lines)).expect("a valid parent").trace_state().header()
    }

    #[test]
    fn a_parent_is_what_the_specification_says_or_nothing() {
        let read = extract(&headers(&[PARENT], &[])).expect("a valid parent");
        assert_eq!(read.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(read.span_id().to_string(), "b7ad6b7169203331");
        assert!(read.is_sampled() && read.is_remote());
        let later = [PARENT.replacen("00", "cc", 1), format!("{}-what-comes", PARENT.replacen("00", "01", 1))];
        assert!(later.iter().all(|parent| extract(&headers(&[parent], &[])).is_some()), "later versions");
        let flags = extract(&headers(&[&PARENT.replace("-01", "-ff")], &[])).expect("a valid parent").trace_flags();
        assert_eq!(flags, TraceFlags::SAMPLED, "the other flags mean nothing yet");

        for wrong in [
            "",
            "nonsense",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-+1",
            "0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "+0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-B7AD6B7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0A",
            "CC-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more",
            "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert!(extract(&headers(&[wrong], &[])).is_none(), "{wrong}");
        }
        assert!(extract(&headers(&[PARENT, PARENT], &[])).is_none(), "two");
        assert!(extract(&headers(&[&format!("{PARENT},{PARENT}")], &[])).is_none(), "two in one");
    }

    #[test]
    fn several_headers_of_a_state_are_one_list() {
        assert_eq!(state(&["one=1,two=2", "three=3"]), "one=1,two=2,three=3");
        assert_eq!(state(&[" one=1 ,, \ttwo=2\t", ""]), "one=1,two=2");
        assert_eq!(state(&["1tenant@sys=a b"]), "1tenant@sys=a b");
    }

    #[test]
    fn a_malformed_state_is_discarded_and_the_parent_is_not() {
        for wrong in ["one", "=1", "one=", "One=1", "o ne=1", "one=1=2", "one=1,one=2", "a@b@c=1", "@b=1", "_a=1"] {
            assert_eq!(state(&[wrong]), "", "{wrong}");
        }
        assert_eq!(state(&[&format!("{}=1", "k".repeat(257))]), "");
        assert_eq!(state(&[&format!("k={}", "v".repeat(257))]), "");
        let members = |count: usize| (0..count).map(|n| format!("k{n}=v")).collect::<Vec<_>>().join(",");
        assert_eq!(state(&[&members(32)]), members(32));
        assert_eq!(state(&[&members(33)]), "");
    }

    #[test]
    fn too_long_a_state_loses_its_long_members_and_then_its_end() {
        let long = format!("long={}", "v".repeat(200));
        let short = |n: usize| format!("short{n}={}", "v".repeat(90));
        let [one, two, three, four, five, six] = [1, 2, 3, 4, 5, 6].map(short);
        assert_eq!(
            state(&[&long, &one, &two, &three, &four]),
            [one.clone(), two.clone(), three.clone(), four.clone()].join(",")
        );
        let all = [&one, &two, &three, &four, &five, &six].map(String::as_str).join(",");
        assert_eq!(state(&[&all]), [one, two, three, four, five].join(","));
    }

    proptest! {
        #[test]
        fn whatever_comes_the_state_is_small_and_can_be_sent(
            lines in proptest::collection::vec("([a-z0-9@]{0,20}=[ -~]{0,150},?){0,12}", 0..4)
        ) {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let kept = state(&lines);
            prop_assert!(kept.len() <= MAX_BYTES, "{} bytes", kept.len());
            prop_assert_eq!(state(&[&kept]), kept);
        }
    }
}
