//! The least HTTP client that can load a server: one connection, one request after the other.

use crate::Result;
use shared::{Position, sse::Parser};
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub struct Client {
    connection: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Result<Self> {
        let connection = TcpStream::connect(address).await?;
        connection.set_nodelay(true)?;
        Ok(Self { connection, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a request and answers the body of a success.
    pub async fn call(&mut self, method: &str, path: &str, token: &str, body: &str) -> Result<Vec<u8>> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.connection.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        loop {
            if self.connection.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
            let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(&self.buffer[..end])?;
            let length: usize = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .ok_or("an answer without a length")?
                .parse()?;
            if !head.starts_with("HTTP/1.1 20") {
                return Err(head.to_owned().into());
            }
            if self.buffer.len() >= end + 4 + length {
                return Ok(self.buffer[end + 4..].to_vec());
            }
        }
    }
}

pub struct Stream {
    connection: TcpStream,
    parser: Parser,
    n_waiting: usize,
}

impl Stream {
    /// Opens a stream, after a position or from the beginning, which is a snapshot that this reads.
    pub async fn open(address: SocketAddr, token: &str, after: Option<Position>) -> Result<Self> {
        let mut connection = TcpStream::connect(address).await?;
        let last = after.map_or(String::new(), |position| format!("last-event-id: {position}\r\n"));
        let request = format!(
            "GET /widget/v1/stream HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n{last}\r\n"
        );
        connection.write_all(request.as_bytes()).await?;
        let mut stream = Self { connection, parser: Parser::new(1 << 20), n_waiting: 0 };
        if after.is_none() {
            stream.read_until("snapshot").await?;
        }
        Ok(stream)
    }

    pub async fn next_message(&mut self) -> Result<()> {
        if self.n_waiting == 0 {
            self.read_until("message").await?;
        }
        self.n_waiting -= 1;
        Ok(())
    }

    /// Reads up to the heartbeat that says nothing is missed; answers how many messages came before.
    pub async fn catch_up(&mut self) -> Result<usize> {
        self.read_until("heartbeat").await?;
        Ok(std::mem::take(&mut self.n_waiting))
    }

    /// Reads until an event of this name has come. The sizes of chunks stand between events, as lines the parser passes over.
    async fn read_until(&mut self, event: &str) -> Result<()> {
        let mut buffer = [0; 4096];
        let mut has_come = false;
        while !has_come {
            let n_bytes = self.connection.read(&mut buffer).await?;
            if n_bytes == 0 {
                return Err("the server closed the stream".into());
            }
            let n_waiting = &mut self.n_waiting;
            self.parser
                .push(&buffer[..n_bytes], |frame| {
                    *n_waiting += usize::from(frame.event == "message");
                    has_come |= frame.event == event;
                })
                .map_err(|_| "a frame is too large")?;
        }
        Ok(())
    }
}
