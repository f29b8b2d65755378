#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod analytics;
#[cfg(all(feature = "blocking", not(target_family = "wasm")))]
pub mod blocking;
mod body;
mod bucket;
mod builder;
mod call;
mod client;
mod code;
mod draft;
mod error;
#[cfg(not(target_family = "wasm"))]
mod file;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod object;
mod order;
mod path;
mod resumable;
mod timestamp;
mod transform;
pub mod vectors;

pub use body::Body;
pub use bucket::{Bucket, BucketColumn, BucketKind, CreateBucket, ListBuckets, SizeLimit, UpdateBucket};
pub use builder::ClientBuilder;
pub use call::Call;
pub use client::Client;
pub use code::Code;
pub use error::{Error, ErrorKind, Result};
pub use object::{
    CacheControl, Copied, Copy, CreateSignedUploadUrl, CreateSignedUrl, CreateSignedUrls, Download,
    DownloadStream, Entry, Exists, FileObject, Folder, List, ListColumn, ListV2, ListV2Column, ListV2Page,
    ListedObject, Move, ObjectInfo, ObjectMetadata, Objects, PublicUrl, PurgeCache, SignedPath,
    SignedUploadUrl, SignedUrl, StoredObject, Upload, Uploaded,
};
#[cfg(not(target_family = "wasm"))]
pub use object::{Downloaded, ToFile};
pub use order::Order;
pub use path::{IntoObjectPath, ObjectPath};
#[cfg(not(target_family = "wasm"))]
pub use resumable::FileUploads;
pub use resumable::{MemoryUploads, Progress, Resumable, ResumableUpload, UploadHandle, UploadStore};
pub use timestamp::{Timestamp, TimestampError};
pub use transform::{Format, Gravity, Resize, Transform};

// Their types stand in this crate's signatures.
pub use reqwest;
pub use secrecy;
