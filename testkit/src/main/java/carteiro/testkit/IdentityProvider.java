package carteiro.testkit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.PSSParameterSpec;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** An identity provider on loopback, over TLS: keys at /keys, questions about tokens at /introspect; and tokens of all kinds. */
public final class IdentityProvider implements AutoCloseable {
    /** Whom tokens are made for. */
    public static final String AUDIENCE = "mail";

    private static final char[] NO_PASSWORD = "unused".toCharArray();

    private final HttpsServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final AtomicReference<HttpHandler> keysAnswer = new AtomicReference<>();
    private final AtomicReference<HttpHandler> introspectAnswer = new AtomicReference<>();

    /** The keys, by the type of key, each with a name. */
    public final SigningKey rsa;

    public final SigningKey elliptic;
    public final SigningKey elliptic384;
    public final SigningKey edwards;

    /** A key and its name. */
    public record SigningKey(String id, KeyPair pair) {
        /** One of RSA with so many bits. */
        public static SigningKey rsa(String id, int bits) throws GeneralSecurityException {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(bits);
            return new SigningKey(id, generator.generateKeyPair());
        }

        /** One of a curve. */
        public static SigningKey elliptic(String id, String curve) throws GeneralSecurityException {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec(curve));
            return new SigningKey(id, generator.generateKeyPair());
        }

        static SigningKey edwards(String id) throws GeneralSecurityException {
            return new SigningKey(id, KeyPairGenerator.getInstance("Ed25519").generateKeyPair());
        }

        /** As in a list of keys (RFC 7517, 7518, 8037). */
        public String json() {
            String name = "\"kid\":\"" + id + "\",\"use\":\"sig\"";
            if (pair.getPublic() instanceof RSAPublicKey key) {
                return "{\"kty\":\"RSA\"," + name + ",\"n\":\"" + base64(unsigned(key.getModulus(), 0)) + "\",\"e\":\""
                        + base64(unsigned(key.getPublicExponent(), 0)) + "\"}";
            }
            if (pair.getPublic() instanceof ECPublicKey key) {
                int octets = (key.getParams().getCurve().getField().getFieldSize() + 7) / 8;
                return "{\"kty\":\"EC\"," + name + ",\"crv\":\"P-" + 8 * octets + "\",\"x\":\""
                        + base64(unsigned(key.getW().getAffineX(), octets)) + "\",\"y\":\""
                        + base64(unsigned(key.getW().getAffineY(), octets)) + "\"}";
            }
            byte[] encoded = pair.getPublic().getEncoded();
            return "{\"kty\":\"OKP\"," + name + ",\"crv\":\"Ed25519\",\"x\":\""
                    + base64(Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length)) + "\"}";
        }

        private static byte[] unsigned(BigInteger number, int octets) {
            byte[] signed = number.toByteArray();
            int from = signed[0] == 0 ? 1 : 0;
            byte[] plain = Arrays.copyOfRange(signed, from, signed.length);
            if (plain.length >= octets) {
                return plain;
            }
            byte[] padded = new byte[octets];
            System.arraycopy(plain, 0, padded, octets - plain.length, plain.length);
            return padded;
        }
    }

    private IdentityProvider(Certificates certificates) throws Exception {
        rsa = SigningKey.rsa("rsa-1", 2048);
        elliptic = SigningKey.elliptic("ec-1", "secp256r1");
        elliptic384 = SigningKey.elliptic("ec-384", "secp384r1");
        edwards = SigningKey.edwards("ed-1");
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
        server.setHttpsConfigurator(new HttpsConfigurator(context(certificates)));
        server.setExecutor(threads);
        keysAnswer.set(text(200, keys(rsa, elliptic, elliptic384, edwards)));
        introspectAnswer.set(text(200, "{\"active\":false}"));
        server.createContext("/", exchange -> {
            try (exchange) {
                String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
                requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + body);
                switch (exchange.getRequestURI().getPath()) {
                    case "/keys" -> keysAnswer.get().handle(exchange);
                    case "/introspect" -> introspectAnswer.get().handle(exchange);
                    default -> send(exchange, 404, "{}");
                }
            }
        });
        server.start();
    }

    /** @param certificates of 127.0.0.1 */
    public static IdentityProvider start(Certificates certificates) throws Exception {
        return new IdentityProvider(certificates);
    }

    private static SSLContext context(Certificates certificates) throws Exception {
        String pem = Files.readString(certificates.key())
                .replaceAll("-----[A-Z ]+-----", "")
                .replaceAll("\\s", "");
        PrivateKey key = KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
        Certificate certificate = CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(certificates.certificate())));
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("server", key, NO_PASSWORD, new Certificate[] {certificate});
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, NO_PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }

    /** As tokens name it. */
    public String issuer() {
        return url("");
    }

    /** Of a path. */
    public String url(String path) {
        return "https://127.0.0.1:" + server.getAddress().getPort() + path;
    }

    /** What was asked: method, path and body. */
    public List<String> requests() {
        return requests;
    }

    /** What is answered to who asks for keys. */
    public void answerKeys(HttpHandler answer) {
        keysAnswer.set(answer);
    }

    /** What is answered to questions about tokens. */
    public void answerIntrospection(HttpHandler answer) {
        introspectAnswer.set(answer);
    }

    /** A list of keys. */
    public static String keys(SigningKey... keys) {
        return "{\"keys\":["
                + String.join(",", Arrays.stream(keys).map(SigningKey::json).toList()) + "]}";
    }

    /** An answer. */
    public static HttpHandler text(int status, String body) {
        return exchange -> send(exchange, status, body);
    }

    private static void send(HttpExchange exchange, int status, String body) throws IOException {
        byte[] octets = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, octets.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(octets);
        }
    }

    /** The claims of a good token of somebody, as JSON without the last bracket, so that more can be added. */
    public String claims(String email) {
        long now = Instant.now().getEpochSecond();
        return "{\"iss\":\"" + issuer() + "\",\"aud\":[\"other\",\"" + AUDIENCE + "\"],\"exp\":" + (now + 600)
                + ",\"nbf\":" + (now - 10) + ",\"scope\":\"openid mail.all\",\"email\":\"" + email
                + "\",\"preferred_username\":\""
                + email.replaceFirst("@.*", "") + "\"";
    }

    /** A good token of somebody. */
    public String token(String email) throws GeneralSecurityException {
        return token("RS256", rsa, claims(email) + "}");
    }

    /** A token. */
    public static String token(String algorithm, SigningKey key, String claims) throws GeneralSecurityException {
        return signed("{\"alg\":\"" + algorithm + "\",\"kid\":\"" + key.id() + "\"}", algorithm, key, claims);
    }

    /** A token with a header that may say anything. */
    public static String signed(String header, String algorithm, SigningKey key, String claims)
            throws GeneralSecurityException {
        String signed =
                base64(header.getBytes(StandardCharsets.UTF_8)) + "." + base64(claims.getBytes(StandardCharsets.UTF_8));
        Signature signature = signature(algorithm);
        signature.initSign(key.pair().getPrivate());
        signature.update(signed.getBytes(StandardCharsets.US_ASCII));
        return signed + "." + base64(signature.sign());
    }

    private static Signature signature(String algorithm) throws GeneralSecurityException {
        String hash = "SHA" + algorithm.substring(2);
        if (algorithm.startsWith("RS")) {
            return Signature.getInstance(hash + "withRSA");
        }
        if (algorithm.startsWith("ES")) {
            return Signature.getInstance(hash + "withECDSAinP1363Format");
        }
        if (!algorithm.startsWith("PS")) {
            return Signature.getInstance("Ed25519");
        }
        String name = "SHA-" + algorithm.substring(2);
        Signature signature = Signature.getInstance("RSASSA-PSS");
        signature.setParameter(new PSSParameterSpec(
                name, "MGF1", new MGF1ParameterSpec(name), Integer.parseInt(algorithm.substring(2)) / 8, 1));
        return signature;
    }

    /** As in tokens and keys. */
    public static String base64(byte[] octets) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(octets);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
