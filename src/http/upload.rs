//! Forms with files, as browsers send them (RFC 7578).

use std::convert::Infallible;

use futures_util::stream;
use hyper::body::Bytes;
use multer::Multipart;

/// The fields of a form, and its files by the names of their fields.
#[derive(Debug, Default)]
pub(crate) struct Upload {
    /// The fields that are text.
    pub fields: Vec<(String, String)>,
    /// What each file holds.
    pub files: Vec<(String, Bytes)>,
}

/// The parts of a body between such boundaries; an error when it is not whole.
pub(super) async fn parse(boundary: String, body: Bytes) -> multer::Result<Upload> {
    let mut parts = Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary);
    let mut upload = Upload::default();
    while let Some(part) = parts.next_field().await? {
        let name = part.name().unwrap_or_default().to_owned();
        if part.file_name().is_some() {
            upload.files.push((name, part.bytes().await?));
        } else {
            upload.fields.push((name, part.text().await?));
        }
    }
    Ok(upload)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "--x-1\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\ntwo\r\n--x-1\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"a%22b.ndjson\"\r\nContent-Type: text/plain\r\n\r\n\
        {}\n--x\r\n--x-1--\r\n";

    #[tokio::test]
    async fn fields_and_files_are_told_apart() {
        let content_type = "multipart/form-data; charset=utf-8; boundary=\"x-1\"";
        let boundary = multer::parse_boundary(content_type).expect("a boundary");
        let upload = parse(boundary, Bytes::from_static(BODY.as_bytes())).await.expect("parts");
        assert_eq!(upload.fields, [("a".to_owned(), "one\r\ntwo".to_owned())]);
        assert_eq!(upload.files, [("file".to_owned(), Bytes::from_static(b"{}\n--x"))]);
    }

    #[tokio::test]
    async fn what_is_not_whole_is_no_form() {
        for end in 0..BODY.len() - 4 {
            let cut = Bytes::from_static(&BODY.as_bytes()[..end]);
            assert!(parse("x-1".to_owned(), cut).await.is_err(), "{end} bytes");
        }
    }
}
