package carteiro.password;

import static java.nio.charset.StandardCharsets.UTF_8;

import carteiro.password.ScramStep.ScramContinues;
import carteiro.password.ScramStep.ScramFails;
import carteiro.password.ScramStep.ScramSucceeds;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A client's side of one login by SCRAM-SHA-1 or SCRAM-SHA-256, with channel binding or without (RFC 5802, RFC 7677). It makes the first
 * message, and is given the server's two. The server shows that it knows of the password, too: a login without that is none. One thread;
 * no I/O.
 */
public final class ScramClient implements AutoCloseable {
    /** The most that a server may ask for: a second of a processor. */
    static final int MOST_ITERATIONS = 1_000_000;

    private final ScramHash hash;
    private final String gs2;
    private final @Nullable ChannelBinding binding;
    private final String user;
    private final byte[] password;
    private final String nonce;
    private byte @Nullable [] serverSignature; // what the server has still to show
    private boolean answered;

    private ScramClient(
            ScramHash hash,
            String flag,
            @Nullable ChannelBinding binding,
            String user,
            byte[] password,
            Supplier<String> nonces) {
        this.hash = hash;
        this.gs2 = flag + ",,";
        this.binding = binding;
        this.user = SaslPrep.prepare(user).filter(name -> !name.isEmpty()).orElse(user);
        if (this.user.isEmpty() || this.user.indexOf('\0') >= 0 || password.length == 0) {
            throw new IllegalArgumentException("no name, no password, or a name with a NUL");
        }
        this.password = password.clone();
        this.nonce = nonces.get();
    }

    /** For the mechanism with -PLUS: the login is worth nothing on another connection than that. */
    public static ScramClient bound(
            ScramHash hash, ChannelBinding binding, String user, byte[] password, SecureRandom random) {
        return bound(hash, binding, user, password, ScramText.nonces(random));
    }

    static ScramClient bound(
            ScramHash hash, ChannelBinding binding, String user, byte[] password, Supplier<String> nonces) {
        return new ScramClient(hash, "p=" + binding.type(), binding, user, password, nonces);
    }

    /** For the mechanism without -PLUS, where the connection has a binding and the server has announced no -PLUS. */
    public static ScramClient ableToBind(ScramHash hash, String user, byte[] password, SecureRandom random) {
        return new ScramClient(hash, "y", null, user, password, ScramText.nonces(random));
    }

    /** For the mechanism without -PLUS, where the connection has no binding. */
    public static ScramClient unbound(ScramHash hash, String user, byte[] password, SecureRandom random) {
        return unbound(hash, user, password, ScramText.nonces(random));
    }

    static ScramClient unbound(ScramHash hash, String user, byte[] password, Supplier<String> nonces) {
        return new ScramClient(hash, "n", null, user, password, nonces);
    }

    /** The mechanism's name. */
    public String mechanism() {
        return binding == null ? hash.mechanism() : hash.mechanism() + "-PLUS";
    }

    private String bare() {
        return "n=" + ScramText.encodeName(user) + ",r=" + nonce;
    }

    /** The client's first message. */
    public String first() {
        return gs2 + bare();
    }

    private static ScramFails failed(String reason) {
        return new ScramFails(ScramError.OTHER_ERROR, reason);
    }

    /** Reads the server's first message: goes on with the client's last, or fails. Takes up to a second of a processor. */
    public ScramStep answer(byte[] serverFirst) {
        if (answered) {
            throw new IllegalStateException("a second answer");
        }
        answered = true;
        Optional<String> decoded = ScramText.decode(serverFirst);
        if (decoded.isEmpty()) {
            return new ScramFails(ScramError.INVALID_ENCODING, "the server's first message is too long or no UTF-8");
        }
        String challenge = decoded.get();
        String[] parts = challenge.split(",", -1);
        if (ScramText.isMandatoryExtension(parts[0])) {
            return new ScramFails(ScramError.EXTENSIONS_NOT_SUPPORTED, "the server asks for an extension");
        }
        if (parts.length < 3) {
            return failed("the server's first message has fewer than three parts");
        }
        for (int i = 3; i < parts.length; i++) {
            if (!ScramText.isExtension(parts[i])) {
                return failed("an attribute of the server is malformed, or of an extension that it asks for");
            }
        }
        Optional<String> both = ScramText.value(parts[0], 'r').filter(ScramText::isNonce);
        Optional<byte[]> salt = ScramText.value(parts[1], 's').flatMap(ScramText::decodeBase64);
        Optional<String> iterated = ScramText.value(parts[2], 'i').filter(count -> count.matches("[1-9][0-9]{0,9}"));
        if (both.isEmpty() || salt.isEmpty() || iterated.isEmpty()) {
            return failed("the server's first message lacks its nonce, salt or iterations");
        }
        if (!both.get().startsWith(nonce) || both.get().length() == nonce.length()) {
            return failed("the server's nonce does not begin with ours, or adds nothing to it");
        }
        long iterations = Long.parseLong(iterated.get());
        if (iterations < ScramKeys.LEAST_ITERATIONS || iterations > MOST_ITERATIONS) {
            return failed("the server asks for " + iterations + " iterations; from " + ScramKeys.LEAST_ITERATIONS
                    + " to " + MOST_ITERATIONS + " are taken");
        }
        String withoutProof =
                "c=" + ScramText.encodeBase64(ScramServer.bindingInput(gs2, binding)) + ",r=" + both.get();
        byte[] all = (bare() + "," + challenge + "," + withoutProof).getBytes(UTF_8);
        byte[] salted = ScramKeys.salted(hash, password, salt.get(), (int) iterations);
        byte[] clientKey = ScramKeys.clientKey(hash, salted);
        serverSignature = hash.hmac(ScramKeys.serverKey(hash, salted), all);
        byte[] sent = ScramText.exclusiveOr(clientKey, hash.hmac(hash.of(clientKey), all));
        Arrays.fill(salted, (byte) 0);
        Arrays.fill(clientKey, (byte) 0);
        return new ScramContinues(withoutProof + ",p=" + ScramText.encodeBase64(sent));
    }

    /** Reads the server's last message, after {@link #answer} went on: succeeds, or fails. */
    public ScramStep finish(byte[] serverLast) {
        byte[] expected = serverSignature;
        if (expected == null) {
            throw new IllegalStateException("a last message before an answer that went on, or a second last one");
        }
        serverSignature = null;
        Optional<String> decoded = ScramText.decode(serverLast);
        if (decoded.isEmpty()) {
            return new ScramFails(ScramError.INVALID_ENCODING, "the server's last message is too long or no UTF-8");
        }
        String[] parts = decoded.get().split(",", -1);
        if (parts[0].startsWith("e=")) {
            return new ScramFails(error(parts[0].substring(2)), "the server has refused the login");
        }
        Optional<byte[]> signature = ScramText.value(parts[0], 'v').flatMap(ScramText::decodeBase64);
        if (signature.isEmpty()) {
            return failed("the server's last message lacks its signature");
        }
        for (int i = 1; i < parts.length; i++) {
            if (!ScramText.isExtension(parts[i])) {
                return failed("an attribute of the server is malformed, or of an extension that it asks for");
            }
        }
        return MessageDigest.isEqual(signature.get(), expected)
                ? new ScramSucceeds("", user)
                : failed("the server does not know of the password: it may be another");
    }

    private static ScramError error(String text) {
        for (ScramError each : ScramError.values()) {
            if (each.text().equals(text)) {
                return each;
            }
        }
        return ScramError.OTHER_ERROR;
    }

    /** Forgets the password. */
    @Override
    public void close() {
        Arrays.fill(password, (byte) 0);
    }
}
