//! The body of an answer: in pieces, or whole under a limit.

use http_body_util::BodyExt as _;
use hyper::body::{Bytes, Incoming};
use tokio::time::Instant;

use super::connect::Task;
use super::patience::Waiting;
use crate::outside::Short;

/// What still comes of an answer.
pub(crate) struct Body {
    incoming: Incoming,
    deadline: Instant,
    too_slow: Short,
    waiting: Waiting,
    /// Keeps the connection.
    _task: Task,
}

impl Body {
    pub(super) fn new(
        incoming: Incoming,
        (task, waiting): (Task, Waiting),
        deadline: Instant,
        too_slow: Short,
    ) -> Self {
        Self {
            incoming,
            deadline,
            too_slow,
            waiting,
            _task: task,
        }
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn next(&mut self, host: &str) -> Result<Option<Bytes>, Short> {
        loop {
            let frame = tokio::time::timeout_at(self.deadline, self.incoming.frame())
                .await
                .map_err(|_| {
                    self.waiting.mark_slow();
                    self.too_slow.clone()
                })?;
            match frame {
                None => return Ok(None),
                Some(Err(error)) => {
                    return Err(Short::Upstream {
                        host: host.to_owned(),
                        reason: error.to_string(),
                    });
                }
                Some(Ok(frame)) => {
                    // Trailers carry nothing that is used.
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// Everything, at most `limit` bytes.
    pub(crate) async fn read(
        mut self,
        limit: u64,
        subject: &str,
        host: &str,
    ) -> Result<Vec<u8>, Short> {
        let too_large = || Short::TooLarge {
            subject: subject.to_owned(),
            limit,
        };
        let limit_here = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut content = Vec::new();
        while let Some(piece) = self.next(host).await? {
            if content.len().saturating_add(piece.len()) > limit_here {
                return Err(too_large());
            }
            content.extend_from_slice(&piece);
        }
        Ok(content)
    }
}
