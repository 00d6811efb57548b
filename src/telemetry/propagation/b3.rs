//! The headers of Zipkin: `b3` alone, or `x-b3-traceid` and its companions (openzipkin/b3-propagation).

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use poem::http::{HeaderMap, HeaderName, HeaderValue};

use super::w3c::hex;

const SINGLE: HeaderName = HeaderName::from_static("b3");
const TRACE: HeaderName = HeaderName::from_static("x-b3-traceid");
const SPAN: HeaderName = HeaderName::from_static("x-b3-spanid");
const SAMPLED: HeaderName = HeaderName::from_static("x-b3-sampled");
const FLAGS: HeaderName = HeaderName::from_static("x-b3-flags");

/// The context in a single header: `{trace}-{span}-{sampled}-{parent}`, the last two of which may be missing.
pub(super) fn extract_single(headers: &HeaderMap) -> Option<SpanContext> {
    let mut fields = only(headers, &SINGLE)?.split('-');
    let (trace, span, sampled) = (fields.next()?, fields.next()?, fields.next());
    context(trace, span, matches!(sampled, Some("1" | "d")))
}

/// The context in several headers.
pub(super) fn extract_multiple(headers: &HeaderMap) -> Option<SpanContext> {
    let is_sampled = matches!(only(headers, &SAMPLED), Some("1" | "true")) || only(headers, &FLAGS) == Some("1");
    context(only(headers, &TRACE)?, only(headers, &SPAN)?, is_sampled)
}

/// Writes the context of a span into a single header.
pub(super) fn inject_single(span: &SpanContext, headers: &mut HeaderMap) {
    put(headers, SINGLE, format!("{}-{}-{}", span.trace_id(), span.span_id(), u8::from(span.is_sampled())));
}

/// Writes the context of a span into several headers.
pub(super) fn inject_multiple(span: &SpanContext, headers: &mut HeaderMap) {
    put(headers, TRACE, span.trace_id().to_string());
    put(headers, SPAN, span.span_id().to_string());
    put(headers, SAMPLED, u8::from(span.is_sampled()).to_string());
}

fn put(headers: &mut HeaderMap, name: HeaderName, text: String) {
    if let Ok(value) = HeaderValue::try_from(text) {
        headers.insert(name, value);
    }
}

/// The value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn context(trace: &str, span: &str, is_sampled: bool) -> Option<SpanContext> {
    // Older clients have ids of 64 bits.
    let trace: [u8; 16] = hex(trace.as_bytes()).or_else(|| {
        let short: [u8; 8] = hex(trace.as_bytes())?;
        Some(u128::from(u64::from_be_bytes(short)).to_be_bytes())
    })?;
    let span = SpanId::from_bytes(hex(span.as_bytes())?);
    let flags = if is_sampled { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
    let context = SpanContext::new(TraceId::from_bytes(trace), span, flags, true, TraceState::NONE);
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE_ID: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN_ID: &str = "b7ad6b7169203331";

    fn single(value: &str) -> Option<SpanContext> {
        extract_single(&HeaderMap::from_iter([(SINGLE, HeaderValue::from_str(value).unwrap())]))
    }

    #[test]
    fn both_forms_are_read_as_they_are_written() {
        let sent = single(&format!("{TRACE_ID}-{SPAN_ID}-1-05e3ac9a4f6e3b90")).expect("a context");
        assert!(sent.is_sampled());
        let (mut one, mut several) = (HeaderMap::new(), HeaderMap::new());
        inject_single(&sent, &mut one);
        inject_multiple(&sent, &mut several);
        assert_eq!(extract_single(&one), Some(sent.clone()));
        assert_eq!(extract_multiple(&several), Some(sent));
    }

    #[test]
    fn short_trace_ids_are_padded_and_nonsense_is_nothing() {
        let short = single(&format!("8448eb211c80319c-{SPAN_ID}")).expect("a context");
        assert_eq!(short.trace_id().to_string(), "00000000000000008448eb211c80319c");
        assert!(!short.is_sampled());
        for wrong in
            ["0", "d", &format!("{TRACE_ID}-"), &format!("{TRACE_ID}-{TRACE_ID}-1"), &format!("0{SPAN_ID}-{SPAN_ID}")]
        {
            assert!(single(wrong).is_none(), "{wrong}");
        }
    }
}
