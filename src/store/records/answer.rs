//! Idempotency keys and answers as they are stored.

use serde::{Deserialize, Serialize};

use super::{Record, Unreadable, parse, time, unknown};
use crate::domain::{Answer, Noted};

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct NotedV1 {
    fingerprint: [u8; 32],
    expires_at: i64,
    answer: Option<AnswerV1>,
}

#[derive(Serialize, Deserialize)]
struct AnswerV1 {
    status: u16,
    content_type: Option<String>,
    location: Option<String>,
    etag: Option<String>,
    body: Vec<u8>,
}

impl Record for Noted {
    const NAME: &'static str = "an answer";
    const VERSION: u8 = 1;
    type Latest = NotedV1;

    fn to_latest(&self) -> NotedV1 {
        NotedV1 {
            fingerprint: self.fingerprint,
            expires_at: self.expires_at.as_microsecond(),
            answer: self.answer.clone().map(|answer| AnswerV1 {
                status: answer.status,
                content_type: answer.content_type,
                location: answer.location,
                etag: answer.etag,
                body: answer.body,
            }),
        }
    }

    fn from_version(version: u8, body: &[u8]) -> Result<Self, Unreadable> {
        match version {
            1 => parse::<NotedV1>(body)?.try_into(),
            other => Err(unknown(other)),
        }
    }
}

impl TryFrom<NotedV1> for Noted {
    type Error = Unreadable;

    fn try_from(record: NotedV1) -> Result<Self, Unreadable> {
        Ok(Self {
            fingerprint: record.fingerprint,
            expires_at: time(record.expires_at)?,
            answer: record.answer.map(|answer| Answer {
                status: answer.status,
                content_type: answer.content_type,
                location: answer.location,
                etag: answer.etag,
                body: answer.body,
            }),
        })
    }
}
