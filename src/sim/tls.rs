//! A certificate authority made at start: kubectl sends its token over TLS only.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose, SanType};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::server::TlsStream;

/// What a server's certificate is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Leaf {
    /// Valid for 127.0.0.1, localhost and argocd-server.
    #[default]
    Valid,
    /// Ran out in 2001.
    Expired,
    /// Signed by an authority nobody was told about.
    UnknownCa,
}

/// A certificate could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Making or signing a certificate failed.
    #[error("cannot make a certificate for the simulated world: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The TLS library refused the certificate.
    #[error("cannot serve TLS with the certificate made for the simulated world: {0}")]
    Refused(#[from] tokio_rustls::rustls::Error),
}

impl From<TlsError> for std::io::Error {
    fn from(error: TlsError) -> Self {
        Self::other(error)
    }
}

/// The authority that signs the certificates of a world's servers.
pub struct Ca {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl std::fmt::Debug for Ca {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ca")
    }
}

/// What shows a certificate to whoever connects.
#[derive(Clone)]
pub struct Acceptor(TlsAcceptor);

impl std::fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Acceptor")
    }
}

impl Acceptor {
    /// Shakes hands.
    ///
    /// # Errors
    /// When the client goes away, or does not take the certificate.
    pub async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        self.0.accept(stream).await
    }
}

impl Ca {
    /// A new authority with a new key.
    pub fn generate() -> Result<Self, TlsError> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "pilothouse simulated world");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_after = rcgen::date_time_ymd(2999, 1, 1);
        Ok(Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate()?)? })
    }

    /// The authority's certificate, for a kubeconfig.
    #[must_use]
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A TLS acceptor (HTTP/1.1 only) with a new certificate of this authority, or one that clients must refuse.
    pub fn acceptor(&self, leaf: Leaf) -> Result<Acceptor, TlsError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "kube-apiserver");
        // what argocd-server makes for itself has its own name
        params.subject_alt_names = vec![
            SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            SanType::DnsName("localhost".try_into()?),
            SanType::DnsName("argocd-server".try_into()?),
        ];
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        params.not_after = rcgen::date_time_ymd(if leaf == Leaf::Expired { 2001 } else { 2999 }, 1, 1);
        let certificate = match leaf {
            Leaf::UnknownCa => params.signed_by(&key, &Self::generate()?.issuer)?,
            Leaf::Valid | Leaf::Expired => params.signed_by(&key, &self.issuer)?,
        };
        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Acceptor(TlsAcceptor::from(Arc::new(config))))
    }
}
