//! The stack's Realtime: our own server, which the Deno program tells what changes in the database, and what
//! that broadcasts.

use std::io;
use std::net::Ipv4Addr;

use data_encoding::HEXLOWER;
use serde::Deserialize;
use serde_json::Value;
use supabase_mock::realtime::{Change, Row, Server, Table};
use tokio::io::{AsyncBufReadExt as _, BufReader, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::{ANON_KEY, Failure, JWT_SECRET, SERVICE_ROLE_KEY};

/// The server, and whoever listens to the program.
#[derive(Debug)]
pub(super) struct Realtime {
    server: Server,
    port: u16,
    task: JoinHandle<()>,
}

impl Realtime {
    /// Starts the server, and begins to wait for the program.
    pub(super) async fn start() -> Result<Self, Failure> {
        let server =
            Server::builder().jwt_secret(JWT_SECRET).keys(ANON_KEY, SERVICE_ROLE_KEY).kept_frames(0).build();
        let failed = |error: io::Error| Failure::new(format!("Cannot listen on 127.0.0.1: {error}."));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let task = tokio::spawn(listen(listener, server.clone()));
        Ok(Self { server, port, task })
    }

    /// Where the program tells of changes.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// A connection to the server.
    pub(super) fn connect(&self) -> DuplexStream {
        self.server.connect()
    }
}

impl Drop for Realtime {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Takes one connection, the program's: it begins before anybody else knows of the port.
async fn listen(listener: TcpListener, server: Server) {
    let outcome = match listener.accept().await {
        Ok((stream, _)) => read(stream, &server).await,
        Err(error) => Err(error),
    };
    if let Err(error) = outcome {
        eprintln!("Realtime hears of no more changes: {error}.");
    }
}

async fn read(stream: TcpStream, server: &Server) -> io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next_line().await? {
        match serde_json::from_str(&line)? {
            Told::Tables(tables) => server.set_tables(tables.into_iter().map(table)),
            Told::Change(change) => server.push_change(&change.into_change()),
            Told::Broadcast(ToldBroadcast { topic, event, payload, private }) => {
                server.broadcast_from_database(&topic, private, &event, payload);
            }
            Told::Binary(ToldBroadcast { topic, event, payload, private }) => {
                let bytes = HEXLOWER.decode(payload.as_bytes()).map_err(io::Error::other)?;
                server.broadcast_bytes(&topic, private, &event, &bytes);
            }
        }
    }
    Ok(())
}

/// One line of the program; `changes.ts` writes them.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    Tables(Vec<ToldTable>),
    Change(ToldChange),
    Broadcast(ToldBroadcast<Value>),
    /// In hexadecimal digits.
    Binary(ToldBroadcast<String>),
}

#[derive(Deserialize)]
struct ToldBroadcast<P> {
    topic: String,
    event: String,
    payload: P,
    private: bool,
}

#[derive(Deserialize)]
struct ToldTable {
    schema: String,
    name: String,
    columns: Vec<ToldColumn>,
    replica_identity_full: bool,
    row_level_security: bool,
}

#[derive(Deserialize)]
struct ToldColumn {
    name: String,
    r#type: String,
    key: bool,
    /// The roles that may read it.
    readers: Vec<String>,
}

#[derive(Deserialize)]
struct ToldChange {
    schema: String,
    table: String,
    committed_at: String,
    record: Option<Row>,
    old_record: Option<Row>,
}

fn table(told: ToldTable) -> Table {
    let mut table = Table::new(told.schema, told.name);
    for role in ["anon", "authenticated", "service_role"] {
        let may_read = |column: &&ToldColumn| column.readers.iter().any(|reader| reader == role);
        let readable: Vec<&str> =
            told.columns.iter().filter(may_read).map(|column| column.name.as_str()).collect();
        table = table.grant(role, readable);
    }
    for column in told.columns {
        table = match column.key {
            true => table.key(column.name, column.r#type),
            false => table.column(column.name, column.r#type),
        };
    }
    if told.replica_identity_full {
        table = table.replica_identity_full();
    }
    if told.row_level_security {
        // Policies cannot be asked here, so that rows under one are told to nobody whom they could be kept from.
        table = table.rows_visible(|claims, _row| claims.role() == "service_role");
    }
    table
}

impl ToldChange {
    fn into_change(self) -> Change {
        let change = match (self.record, self.old_record) {
            (Some(row), Some(old)) => Change::update(self.schema, self.table, row, old),
            (Some(row), None) => Change::insert(self.schema, self.table, row),
            (None, old) => Change::delete(self.schema, self.table, old.unwrap_or_default()),
        };
        change.committed_at(self.committed_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_program_are_read() {
        let tables = r#"{"tables":[{"schema":"public","name":"t","replica_identity_full":true,"row_level_security":false,
            "columns":[{"name":"id","type":"int8","key":true,"readers":["anon"]}]}]}"#;
        assert!(matches!(serde_json::from_str(tables), Ok(Told::Tables(tables)) if tables.len() == 1));
        let change = r#"{"change":{"schema":"public","table":"t","committed_at":"2026-01-01T00:00:00.000Z",
            "record":{"id":9007199254740993},"old_record":null}}"#;
        let Ok(Told::Change(change)) = serde_json::from_str(change) else { panic!("it is a change") };
        assert_eq!(change.record.map(|row| row.to_string()).as_deref(), Some(r#"{"id":9007199254740993}"#));
        assert!(change.old_record.is_none());
    }
}
