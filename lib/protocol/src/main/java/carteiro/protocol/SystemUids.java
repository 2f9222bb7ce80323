package carteiro.protocol;

import carteiro.posix.SystemAccount;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Users of the system as numbers, remembered for some seconds. Who calls is compared by number alone: a user need not have a
 * name (containers), and a name need not be of one user. Safe for any number of threads.
 */
final class SystemUids {
    private static final long TRUST = Duration.ofSeconds(5).toNanos();

    /** Names that are remembered; with one more all are forgotten. */
    private static final int MOST = 1_000;

    private static final Charset NAMES =
            Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"), StandardCharsets.UTF_8);

    private final UserPrincipalLookupService users = FileSystems.getDefault().getUserPrincipalLookupService();
    private final Map<String, CachedUid> known = new ConcurrentHashMap<>();

    /**
     * What a name stands for.
     *
     * @param principal null if it stands for nobody
     */
    private record CachedUid(@Nullable UserPrincipal principal, int uid, long at) {
        static CachedUid nobody() {
            return new CachedUid(null, -1, System.nanoTime());
        }
    }

    /**
     * The number of a user whom the kernel has told: Java gives it as a principal, whose name is a number if the user has no
     * name.
     *
     * @throws IOException if the system cannot tell it beyond doubt, or not now
     */
    int of(UserPrincipal user) throws IOException {
        CachedUid now = known(user.getName(), user);
        if (!user.equals(now.principal)) { // principals are equal if their numbers are
            throw new IOException("the number of the user " + user.getName() + " cannot be told");
        }
        return now.uid;
    }

    /** Whether a number is that of one of the names. A name that the system does not know, or cannot tell now, is nobody's. */
    boolean isOneOf(Collection<String> names, int uid) {
        for (String name : names) {
            OptionalInt each = named(name);
            if (each.isPresent() && each.getAsInt() == uid) {
                return true;
            }
        }
        return false;
    }

    private OptionalInt named(String name) {
        try {
            return uid(known(name, null));
        } catch (IOException e) {
            return uid(known.get(name)); // what was known before is the best that can be told
        }
    }

    private static OptionalInt uid(@Nullable CachedUid known) {
        return known == null || known.principal == null ? OptionalInt.empty() : OptionalInt.of(known.uid);
    }

    /** @param expected whom it should stand for; if what is remembered is somebody else, the system is asked again */
    private CachedUid known(String name, @Nullable UserPrincipal expected) throws IOException {
        CachedUid before = known.get(name);
        if (before != null
                && System.nanoTime() - before.at < TRUST
                && (expected == null || expected.equals(before.principal))) {
            return before;
        }
        CachedUid now = ask(name);
        if (known.size() >= MOST) {
            known.clear();
        }
        known.put(name, now);
        return now;
    }

    private CachedUid ask(String name) throws IOException {
        String octets = new String(name.getBytes(NAMES), StandardCharsets.ISO_8859_1);
        Optional<SystemAccount> account =
                SystemAccount.named(octets); // first: it tells trouble from a name that nobody has
        UserPrincipal principal;
        try {
            principal = users.lookupPrincipalByName(name); // a number is taken too, if it is nobody's name
        } catch (UserPrincipalNotFoundException e) {
            return CachedUid.nobody();
        }
        if (account.isPresent()) {
            return new CachedUid(principal, account.get().uid(), System.nanoTime());
        }
        return name.matches("-?[0-9]{1,10}")
                ? new CachedUid(principal, Integer.parseInt(name), System.nanoTime())
                : CachedUid.nobody();
    }
}
