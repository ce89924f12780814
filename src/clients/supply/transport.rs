//! Git's transport over the guarded client: each request goes to an address that was checked, and
//! answers are bounded in bytes and time.

use std::io::{BufRead, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gix::protocol::transport::client::blocking_io::http::{
    GetResponse, Http, PostBodyDataKind, PostResponse,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use hyper::body::Bytes;
use tokio::runtime::Handle;
use url::Url;

use crate::clients::web::{Body, Call, Web, host_of};
use crate::outside::Short;

/// The first reason why a transfer failed, which gix passes on as text only.
pub(super) type Failure = Arc<Mutex<Option<Short>>>;

/// Git's requests to one repository.
pub(super) struct Guarded {
    web: Arc<Web>,
    handle: Handle,
    failure: Failure,
    /// Bytes that may still come, over all answers.
    left: Arc<Mutex<u64>>,
    redirected: Option<String>,
}

impl Guarded {
    /// `handle` runs the requests; the transport itself is used in a thread that may block.
    pub(super) fn new(web: Arc<Web>, handle: Handle, failure: Failure) -> Self {
        let left = web.outside.limits.repository_bytes;
        Self {
            web,
            handle,
            failure,
            left: Arc::new(Mutex::new(left)),
            redirected: None,
        }
    }

    fn exchange(
        &self,
        method: Method,
        url: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Shared, Short> {
        let url = Url::parse(url).map_err(|_| super::wrong_address())?;
        let authorization = self.web.basic(&url)?;
        let mut call = Call {
            method,
            authorization,
            ..Call::get(url, self.web.deadline())
        };
        call.headers = parse_headers(headers);
        Ok(Shared(Arc::new(Mutex::new(Exchange {
            web: Arc::clone(&self.web),
            handle: self.handle.clone(),
            failure: Arc::clone(&self.failure),
            call,
            posted: Vec::new(),
            answer: None,
        }))))
    }

    fn reader(&self, exchange: &Shared) -> Reader {
        Reader {
            exchange: Shared(Arc::clone(&exchange.0)),
            body: None,
            piece: Bytes::new(),
            left: Arc::clone(&self.left),
        }
    }

    /// The failure as gix takes it; the reason itself is kept beside.
    fn raise(&self, short: Short) -> gix::Error {
        gix::Error::from_error(remember(&self.failure, short))
    }
}

fn remember(failure: &Failure, short: Short) -> std::io::Error {
    let error = std::io::Error::other(short.to_string());
    lock(failure).get_or_insert(short);
    error
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// gix writes a header as one line. Its `Authorization` is never used: credentials come from the
/// settings.
fn parse_headers(lines: impl IntoIterator<Item = impl AsRef<str>>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some((name, value)) = line.as_ref().split_once(':') else {
            continue;
        };
        if let (Ok(name), Ok(value)) = (
            HeaderName::try_from(name.trim()),
            HeaderValue::try_from(value.trim()),
        ) && !matches!(name.as_str(), "authorization" | "user-agent" | "host")
        {
            headers.insert(name, value);
        }
    }
    headers
}

/// One request, made when its answer is first read: by then everything to post was written.
struct Exchange {
    web: Arc<Web>,
    handle: Handle,
    failure: Failure,
    call: Call,
    posted: Vec<u8>,
    answer: Option<Started>,
}

struct Started {
    url: Url,
    headers: Vec<u8>,
    body: Option<Body>,
}

struct Shared(Arc<Mutex<Exchange>>);

impl Shared {
    /// Makes the request, once.
    fn start(&self) -> std::io::Result<MutexGuard<'_, Exchange>> {
        let mut exchange = lock(&self.0);
        if exchange.answer.is_none() {
            let mut call = exchange.call.clone();
            call.body = Bytes::from(std::mem::take(&mut exchange.posted));
            // The limit of time begins with the request.
            call.deadline = exchange.web.deadline();
            let web = Arc::clone(&exchange.web);
            let asked = exchange.handle.block_on(async {
                let answer = web.ask(call).await?;
                answer.refuse_failure()?;
                Ok(answer)
            });
            let answer = asked.map_err(|short| remember(&exchange.failure, short))?;
            let mut headers = Vec::new();
            for (name, value) in &answer.headers {
                headers.extend_from_slice(name.as_str().as_bytes());
                headers.extend_from_slice(b": ");
                headers.extend_from_slice(value.as_bytes());
                headers.push(b'\n');
            }
            exchange.answer = Some(Started {
                url: answer.url,
                headers,
                body: Some(answer.body),
            });
        }
        Ok(exchange)
    }
}

/// The headers of an answer as lines.
pub(super) struct Headers {
    exchange: Shared,
    text: Option<std::io::Cursor<Vec<u8>>>,
}

impl Headers {
    fn text(&mut self) -> std::io::Result<&mut std::io::Cursor<Vec<u8>>> {
        let text = match self.text.take() {
            Some(text) => text,
            None => {
                let mut exchange = self.exchange.start()?;
                let headers = exchange.answer.as_mut().map(|answer| &mut answer.headers);
                std::io::Cursor::new(headers.map(std::mem::take).unwrap_or_default())
            }
        };
        Ok(self.text.insert(text))
    }
}

impl Read for Headers {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.text()?.read(buffer)
    }
}

impl BufRead for Headers {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.text()?.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Some(text) = &mut self.text {
            text.consume(amount);
        }
    }
}

/// The body of an answer as it comes.
pub(super) struct Reader {
    exchange: Shared,
    body: Option<Body>,
    piece: Bytes,
    left: Arc<Mutex<u64>>,
}

impl Reader {
    fn next(&mut self) -> std::io::Result<Option<Bytes>> {
        let mut exchange = self.exchange.start()?;
        if self.body.is_none() {
            self.body = exchange
                .answer
                .as_mut()
                .and_then(|answer| answer.body.take());
        }
        let Some(body) = &mut self.body else {
            return Ok(None);
        };
        let host = host_of(&exchange.call.url);
        let failed = |short| remember(&exchange.failure, short);
        let piece = exchange.handle.block_on(body.next(&host)).map_err(failed)?;
        if let Some(piece) = &piece {
            let mut left = lock(&self.left);
            let rest = left.checked_sub(u64::try_from(piece.len()).unwrap_or(u64::MAX));
            *left = rest.ok_or_else(|| {
                failed(Short::TooLarge {
                    subject: "the packed repository".to_owned(),
                    limit: exchange.web.outside.limits.repository_bytes,
                })
            })?;
        }
        Ok(piece)
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Reader {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        while self.piece.is_empty() {
            match self.next()? {
                Some(piece) => self.piece = piece,
                None => break,
            }
        }
        Ok(&self.piece)
    }

    fn consume(&mut self, amount: usize) {
        let _ = self.piece.split_to(amount.min(self.piece.len()));
    }
}

/// What gix posts: a list of wants, which fits in memory.
pub(super) struct Post(Shared);

impl Write for Post {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        lock(&self.0.0).posted.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Http for Guarded {
    type Headers = Headers;
    type ResponseBody = Reader;
    type PostBody = Post;

    fn get(
        &mut self,
        url: &str,
        base_url: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> gix::error::Result<GetResponse<Headers, Reader>> {
        let exchange = self
            .exchange(Method::GET, url, headers)
            .map_err(|short| self.raise(short))?;
        // At once, so that later requests follow where this one was sent.
        let last = exchange
            .start()
            .map_err(gix::Error::from_error)?
            .answer
            .as_ref()
            .map(|answer| answer.url.to_string());
        let tail = url.strip_prefix(base_url).unwrap_or(url);
        self.redirected = last
            .as_deref()
            .and_then(|last| last.strip_suffix(tail))
            .map(str::to_owned);
        let body = self.reader(&exchange);
        Ok(GetResponse {
            headers: Headers {
                exchange,
                text: None,
            },
            body,
        })
    }

    fn post(
        &mut self,
        url: &str,
        _base_url: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
        _kind: PostBodyDataKind,
    ) -> gix::error::Result<PostResponse<Headers, Reader, Post>> {
        let exchange = self
            .exchange(Method::POST, url, headers)
            .map_err(|short| self.raise(short))?;
        let body = self.reader(&exchange);
        let post_body = Post(Shared(Arc::clone(&exchange.0)));
        let headers = Headers {
            exchange,
            text: None,
        };
        Ok(PostResponse {
            post_body,
            headers,
            body,
        })
    }

    fn configure(&mut self, _config: &dyn std::any::Any) -> gix::error::Result {
        // Nothing that Git's configuration says applies here.
        Ok(())
    }

    fn redirected_base_url(&self) -> Option<String> {
        self.redirected.clone()
    }
}
