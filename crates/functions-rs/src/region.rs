//! Where a function runs.

use supabase_core::open_enum;

open_enum! {
    /// The region that a function is to run in. Without one, the platform chooses the region that is nearest to the caller.
    ///
    /// Source: <https://supabase.com/docs/guides/functions/regional-invocation>
    ///
    /// ```
    /// use functions_rs::Region;
    /// assert_eq!(Region::EuCentral1.as_str(), "eu-central-1");
    /// assert_eq!(Region::from("mars-north-1").as_str(), "mars-north-1");
    /// ```
    pub enum Region {
        /// Wherever the platform thinks best; nothing is sent.
        Any = "any",
        /// Tokyo.
        ApNortheast1 = "ap-northeast-1",
        /// Seoul.
        ApNortheast2 = "ap-northeast-2",
        /// Mumbai.
        ApSouth1 = "ap-south-1",
        /// Singapore.
        ApSoutheast1 = "ap-southeast-1",
        /// Sydney.
        ApSoutheast2 = "ap-southeast-2",
        /// Central Canada.
        CaCentral1 = "ca-central-1",
        /// Frankfurt.
        EuCentral1 = "eu-central-1",
        /// Ireland.
        EuWest1 = "eu-west-1",
        /// London.
        EuWest2 = "eu-west-2",
        /// Paris.
        EuWest3 = "eu-west-3",
        /// São Paulo.
        SaEast1 = "sa-east-1",
        /// North Virginia.
        UsEast1 = "us-east-1",
        /// North California.
        UsWest1 = "us-west-1",
        /// Oregon.
        UsWest2 = "us-west-2",
    }
}
