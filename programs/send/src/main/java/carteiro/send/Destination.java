package carteiro.send;

import java.util.ArrayDeque;

/** What shares one limit: a domain in remote, an account in local. Exists while something of it is due. Owned by its Lane. */
final class Destination {
    final String name;
    final ArrayDeque<Ready> ready = new ArrayDeque<>(1);
    int running;

    /** Its last delivery was deferred: it gets fewer slots, and new mail for others does not queue behind it. */
    boolean troubled;

    boolean inRing;

    Destination(String name) {
        this.name = name;
    }
}
