package carteiro.protocol;

import java.io.IOException;
import java.util.List;

/** What clean asks of queue. Queue decides what is dead; clean removes it. */
public interface Cleaning {
    /**
     * Files below queue/ that no message needs any more, ready to be unlinked: segments and files of large messages. At
     * most 1000.
     */
    List<String> dead() throws IOException;

    /** Tells queue that those files are gone. Names that queue does not know are ignored. */
    void removed(List<String> files) throws IOException;

    /**
     * Has queue copy the live messages out of its sparsest segment, so that the segment dies.
     *
     * @return the octets copied; 0 if no segment is sparse enough to be worth it
     */
    long rewriteSparse() throws IOException;
}
