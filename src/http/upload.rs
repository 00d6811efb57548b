//! Forms with files, as browsers send them (RFC 7578).

use hyper::body::Bytes;
use memchr::memmem;

/// The fields of a form, and its files by the names of their fields.
#[derive(Debug, Default)]
pub(crate) struct Upload {
    /// The fields that are text.
    pub fields: Vec<(String, String)>,
    /// What each file holds.
    pub files: Vec<(String, Bytes)>,
}

/// The boundary that a `Content-Type` names, if it is that of such a form.
pub(super) fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let named = parameters.split(';').filter_map(|parameter| parameter.trim().split_once('='));
    let (_, boundary) = named.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?;
    let boundary = boundary.trim_matches('"');
    (1..=70).contains(&boundary.len()).then(|| boundary.to_owned())
}

/// The parts of a body; none when it is not whole.
pub(super) fn parse(boundary: &str, body: &Bytes) -> Option<Upload> {
    let (opening, delimiter) = (format!("--{boundary}"), format!("\r\n--{boundary}"));
    let mut rest = body.strip_prefix(opening.as_bytes()).map(|rest| body.slice_ref(rest))?;
    let mut upload = Upload::default();
    // After each delimiter comes the next part, or two dashes at the end of all.
    while !rest.starts_with(b"--") {
        let part = rest.strip_prefix(b"\r\n").map(|part| rest.slice_ref(part))?;
        let end = memmem::find(&part, delimiter.as_bytes())?;
        take(&mut upload, &part.slice(..end))?;
        rest = part.slice(end + delimiter.len()..);
    }
    Some(upload)
}

/// Takes one part in.
fn take(upload: &mut Upload, part: &Bytes) -> Option<()> {
    let end = memmem::find(part, b"\r\n\r\n")?;
    let head = std::str::from_utf8(&part[..end]).ok()?;
    let content = part.slice(end + 4..);
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let (_, disposition) = lines.find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))?;
    let name = quoted(disposition, " name=\"")?;
    if quoted(disposition, " filename=\"").is_some() {
        upload.files.push((name, content));
    } else {
        upload.fields.push((name, String::from_utf8(content.to_vec()).ok()?));
    }
    Some(())
}

/// What is between quotes after a name. Browsers write quotes in it as `%22`.
fn quoted(disposition: &str, name: &str) -> Option<String> {
    let (_, rest) = disposition.split_once(name)?;
    let (text, _) = rest.split_once('"')?;
    Some(text.replace("%22", "\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "--x-1\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\ntwo\r\n--x-1\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"a%22b.ndjson\"\r\nContent-Type: text/plain\r\n\r\n\
        {}\n--x\r\n--x-1--\r\n";

    #[test]
    fn fields_and_files_are_told_apart() {
        let boundary = boundary("multipart/form-data; charset=utf-8; boundary=\"x-1\"").expect("a boundary");
        let upload = parse(&boundary, &Bytes::from_static(BODY.as_bytes())).expect("parts");
        assert_eq!(upload.fields, [("a".to_owned(), "one\r\ntwo".to_owned())]);
        assert_eq!(upload.files, [("file".to_owned(), Bytes::from_static(b"{}\n--x"))]);
    }

    #[test]
    fn what_is_not_whole_is_no_form() {
        for end in 0..BODY.len() - 4 {
            assert!(parse("x-1", &Bytes::from_static(&BODY.as_bytes()[..end])).is_none(), "{end} bytes");
        }
        for other in ["application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary="] {
            assert_eq!(boundary(other), None, "{other}");
        }
    }
}
