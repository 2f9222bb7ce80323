package carteiro.tokens;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyType;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.Base64URL;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.NamedParameterSpec;
import java.text.ParseException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A key of the identity provider, and the algorithms that are used with it: which those are follows from the key, never from what a
 * token says (RFC 8725 section 3.1).
 */
final class SignatureKey {
    private static final int LEAST_RSA = 2048;
    private static final int MOST_RSA = 8192;

    /** Of RSA's public exponent; a longer one makes each check slow. */
    private static final int EXPONENT_BITS = 32;

    private static final int ED25519 = 32;

    private static final Set<String> RSA = Set.of("RS256", "RS384", "RS512", "PS256", "PS384", "PS512");
    private static final Map<String, String> ELLIPTIC = Map.of("P-256", "ES256", "P-384", "ES384", "P-521", "ES512");
    private static final Set<String> EDWARDS = Set.of("EdDSA", "Ed25519");

    /** All that is read of a key: what else stands there, such as certificates, where they are, or a private part, is not looked at. */
    private static final List<String> MEMBERS =
            List.of("kty", "use", "key_ops", "alg", "kid", "n", "e", "crv", "x", "y");

    /** Whether a signature is right. */
    private interface SignatureCheck {
        boolean isRight(String algorithm, byte[] signed, byte[] signature)
                throws JOSEException, GeneralSecurityException;
    }

    private final String id;
    private final Set<String> algorithms;
    private final SignatureCheck check;

    private SignatureKey(JWK key, Set<String> ofType, SignatureCheck check) {
        String only = key.getAlgorithm() == null ? "" : key.getAlgorithm().getName();
        this.id = key.getKeyID() == null ? "" : key.getKeyID();
        this.algorithms = only.isEmpty() ? ofType : ofType.contains(only) ? Set.of(only) : Set.of();
        this.check = check;
    }

    /** Whether it is used with any key. Neither {@code none} nor what needs a secret that both sides have (HS256) is. */
    static boolean isKnown(String algorithm) {
        return RSA.contains(algorithm) || ELLIPTIC.containsValue(algorithm) || EDWARDS.contains(algorithm);
    }

    /** What a list of keys has; empty if that is no key for signatures that can be used. */
    static Optional<SignatureKey> of(Map<?, ?> listed) {
        var members = new HashMap<String, Object>();
        for (String member : MEMBERS) {
            Object value = listed.get(member);
            if (value != null) {
                members.put(member, value);
            }
        }
        try {
            JWK key = JWK.parse(members);
            return isForSignatures(key) ? of(key).filter(each -> !each.algorithms.isEmpty()) : Optional.empty();
        } catch (ParseException | JOSEException | GeneralSecurityException | IllegalArgumentException e) {
            return Optional.empty(); // other keys may do
        } catch (IllegalStateException e) {
            return Optional.empty(); // so does the library say that a member is missing
        }
    }

    private static boolean isForSignatures(JWK key) {
        boolean use = key.getKeyUse() == null || key.getKeyUse().getValue().equals("sig");
        boolean operations = key.getKeyOperations() == null
                || key.getKeyOperations().stream()
                        .anyMatch(each -> each.identifier().equals("verify"));
        return use && operations;
    }

    private static Optional<SignatureKey> of(JWK key) throws JOSEException, GeneralSecurityException {
        if (key.getKeyType().equals(KeyType.RSA)) {
            return rsa(key, ((RSAKey) key).toRSAPublicKey());
        }
        if (key.getKeyType().equals(KeyType.EC)) {
            return elliptic((ECKey) key);
        }
        if (key instanceof OctetKeyPair pair && pair.getCurve().equals(Curve.Ed25519)) {
            return Optional.of(edwards(pair));
        }
        return Optional.empty(); // a symmetric key is none that others may see
    }

    private static Optional<SignatureKey> rsa(JWK key, RSAPublicKey rsa) {
        int bits = rsa.getModulus().bitLength();
        boolean usable = bits >= LEAST_RSA
                && bits <= MOST_RSA
                && rsa.getPublicExponent().bitLength() <= EXPONENT_BITS
                && rsa.getPublicExponent().testBit(0)
                && !rsa.getPublicExponent().equals(BigInteger.ONE);
        return usable
                ? Optional.of(new SignatureKey(
                        key,
                        RSA,
                        (algorithm, signed, signature) ->
                                isRight(new RSASSAVerifier(rsa), algorithm, signed, signature)))
                : Optional.empty();
    }

    private static Optional<SignatureKey> elliptic(ECKey key) throws JOSEException {
        String algorithm = ELLIPTIC.getOrDefault(key.getCurve().getName(), "");
        if (algorithm.isEmpty()) {
            return Optional.empty();
        }
        var verifier = new ECDSAVerifier(key.toECPublicKey());
        return Optional.of(new SignatureKey(
                key, Set.of(algorithm), (named, signed, signature) -> isRight(verifier, named, signed, signature)));
    }

    private static boolean isRight(JWSVerifier verifier, String algorithm, byte[] signed, byte[] signature)
            throws JOSEException {
        return verifier.verify(new JWSHeader(JWSAlgorithm.parse(algorithm)), signed, Base64URL.encode(signature));
    }

    /** By Java's own: the library would need another one for it. RFC 8032 section 5.1.5: y, and the lowest bit of x. */
    private static SignatureKey edwards(OctetKeyPair pair) throws GeneralSecurityException {
        byte[] point = pair.getX().decode();
        if (point.length != ED25519) {
            throw new GeneralSecurityException("no key of Ed25519");
        }
        boolean odd = (point[ED25519 - 1] & 0x80) != 0;
        point[ED25519 - 1] &= 0x7f;
        byte[] big = new byte[ED25519];
        for (int i = 0; i < ED25519; i++) {
            big[i] = point[ED25519 - 1 - i];
        }
        PublicKey key = KeyFactory.getInstance("Ed25519")
                .generatePublic(
                        new EdECPublicKeySpec(NamedParameterSpec.ED25519, new EdECPoint(odd, new BigInteger(1, big))));
        return new SignatureKey(pair, EDWARDS, (_, signed, signature) -> {
            Signature check = Signature.getInstance("Ed25519");
            check.initVerify(key);
            check.update(signed);
            return check.verify(signature);
        });
    }

    /** Its name in the list; empty if it has none. */
    String id() {
        return id;
    }

    boolean isFor(String algorithm) {
        return algorithms.contains(algorithm);
    }

    /** Whether those octets are signed with it. */
    boolean hasSigned(String algorithm, byte[] octets, byte[] signature) {
        try {
            return check.isRight(algorithm, octets, signature);
        } catch (JOSEException | GeneralSecurityException e) {
            return false; // a signature of another form or length
        }
    }
}
