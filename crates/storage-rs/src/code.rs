//! The codes of the service's errors.

use supabase_core::open_enum;

open_enum! {
    /// What went wrong, in the service's own codes. The enum is open: a code without a name of its own is
    /// [`Other`](Self::Other).
    ///
    /// Source: <https://supabase.com/docs/guides/storage/debugging/error-codes>
    pub enum Code {
        /// There is no such bucket, or the caller may not see it.
        NoSuchBucket = "NoSuchBucket",
        /// There is no such object, or the caller may not see it.
        NoSuchKey = "NoSuchKey",
        /// There is no such resumable or multipart upload.
        NoSuchUpload = "NoSuchUpload",
        /// There is no such analytics bucket.
        NoSuchCatalog = "NoSuchCatalog",
        /// The token is malformed, expired, or signed by another key.
        InvalidJwt = "InvalidJWT",
        /// The request does not fit what the service expects.
        InvalidRequest = "InvalidRequest",
        /// The project does not exist.
        TenantNotFound = "TenantNotFound",
        /// The object is larger than the bucket or the project allows.
        EntityTooLarge = "EntityTooLarge",
        /// Something unexpected happened on the server.
        InternalError = "InternalError",
        /// What is to be created exists.
        ResourceAlreadyExists = "ResourceAlreadyExists",
        /// There is an object under this key: `upsert` replaces it.
        KeyAlreadyExists = "KeyAlreadyExists",
        /// There is a bucket of this name.
        BucketAlreadyExists = "BucketAlreadyExists",
        /// The bucket holds objects.
        ResourceNotEmpty = "ResourceNotEmpty",
        /// The name of the bucket has a character that is not allowed.
        InvalidBucketName = "InvalidBucketName",
        /// The key has a character that is not allowed.
        InvalidKey = "InvalidKey",
        /// The range lies beyond the end of the object.
        InvalidRange = "InvalidRange",
        /// The bucket does not take this type of content.
        InvalidMimeType = "InvalidMimeType",
        /// The id of the upload is none.
        InvalidUploadId = "InvalidUploadId",
        /// The signed URL belongs to another object, or to another purpose.
        InvalidSignature = "InvalidSignature",
        /// The signature of the upload does not fit.
        InvalidUploadSignature = "InvalidUploadSignature",
        /// The signature was made with another secret.
        SignatureDoesNotMatch = "SignatureDoesNotMatch",
        /// The token is no longer valid.
        ExpiredToken = "ExpiredToken",
        /// The caller may not do this, or the token cannot be used.
        AccessDenied = "AccessDenied",
        /// Somebody else is writing the same resource.
        ResourceLocked = "ResourceLocked",
        /// Something else refers to the resource.
        ResourceReferenced = "ResourceReferenced",
        /// The resource is locked, and waiting for it took too long.
        LockTimeout = "LockTimeout",
        /// The database behind the service failed.
        DatabaseError = "DatabaseError",
        /// The database behind the service took too long.
        DatabaseTimeout = "DatabaseTimeout",
        /// The database behind the service takes no writes.
        DatabaseReadOnly = "DatabaseReadOnly",
        /// The transaction of the database failed.
        TransactionError = "TransactionError",
        /// A parameter is missing.
        MissingParameter = "MissingParameter",
        /// A parameter cannot be used.
        InvalidParameter = "InvalidParameter",
        /// The length of the content was not announced.
        MissingContentLength = "MissingContentLength",
        /// The checksum of the content does not fit.
        InvalidChecksum = "InvalidChecksum",
        /// The service is overloaded: try again later.
        SlowDown = "SlowDown",
        /// The storage behind the service failed.
        S3Error = "S3Error",
        /// The resumable upload failed.
        TusError = "TusError",
        /// The request was given up.
        Aborted = "Aborted",
        /// The feature is not enabled for this project.
        FeatureNotEnabled = "FeatureNotEnabled",
        /// The service does not do this.
        NotSupported = "NotSupported",
        /// The vector bucket or index is in conflict with another one.
        Conflict = "ConflictException",
        /// There is no such vector bucket, index or vector.
        NotFound = "NotFoundException",
        /// The vector bucket holds indexes.
        VectorBucketNotEmpty = "VectorBucketNotEmpty",
        /// The project has as many vector buckets as it may.
        MaxVectorBucketsExceeded = "S3VectorMaxBucketsExceeded",
        /// The project has as many vector indexes as it may.
        MaxVectorIndexesExceeded = "S3VectorMaxIndexesExceeded",
        /// The project has as many resources of the catalog as it may.
        IcebergMaximumResourceLimit = "IcebergMaximumResourceLimit",
        /// The namespace or analytics bucket is not empty.
        IcebergResourceNotEmpty = "IcebergResourceNotEmpty",
        /// There is no such namespace.
        NoSuchNamespace = "NoSuchNamespaceException",
        /// There is no such table.
        NoSuchTable = "NoSuchTableException",
        /// There is a namespace or table of this name.
        AlreadyExists = "AlreadyExistsException",
        /// The table was changed by somebody else meanwhile.
        CommitFailed = "CommitFailedException",
    }
}

impl Code {
    /// The code that follows from the field `error`, which older servers send alone.
    pub(crate) fn of_older_server(error: &str) -> Option<Self> {
        Some(match error {
            "not_found" => Self::NoSuchKey,
            "Bucket not found" => Self::NoSuchBucket,
            "Duplicate" => Self::ResourceAlreadyExists,
            "Unauthorized" => Self::AccessDenied,
            "Payload too large" => Self::EntityTooLarge,
            "invalid_mime_type" => Self::InvalidMimeType,
            "invalid_range" => Self::InvalidRange,
            "InvalidSignature" => Self::InvalidSignature,
            "too_many_connections" => Self::SlowDown,
            "ResourceNotEmpty" => Self::ResourceNotEmpty,
            "InvalidKey" => Self::InvalidKey,
            "InvalidJWT" | "jwt_expired" => Self::InvalidJwt,
            _ => return None,
        })
    }
}
